#include "type_lookup.hpp"
#include <coropg/types/types.hpp>

#include <string>

namespace coropg::detail {

namespace {

// A name is resolved as the server resolves it in a cast, by the search_path. What a type consists of is asked for at
// once: an array's elements, a domain's base, a range's bounds, a composite's attributes. So are the domains over it: a
// column of a domain has the type of its base, but a codec may name the domain.
constexpr const char* question_head = R"(
WITH RECURSIVE asked(name, type) AS (
    SELECT name, to_regtype(name)::oid FROM unnest($1::text[]) name
), needed(type) AS (
    SELECT type FROM asked WHERE type IS NOT NULL
    UNION
    SELECT number::oid FROM unnest($2::int8[]) number
    UNION
    SELECT part.type FROM needed JOIN pg_catalog.pg_type t ON t.oid = needed.type, LATERAL (
        SELECT t.typelem WHERE t.typcategory = 'A'
        UNION ALL SELECT t.typbasetype
        UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r )";
constexpr const char* question_tail = R"(
        UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                  WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT d.oid FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_type d ON d.oid = p.objid
                  WHERE p.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND p.refobjid = t.oid
                    AND p.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.typtype = 'd'
    ) part(type) WHERE part.type >= 16384
)
SELECT needed.type, n.nspname, t.typname, t.typtype, t.typcategory, t.typelem, t.typbasetype,
       ARRAY(SELECT name FROM asked WHERE asked.type = needed.type),
       ARRAY(SELECT attname::text FROM pg_catalog.pg_attribute a
             WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY attnum),
       ARRAY(SELECT atttypid FROM pg_catalog.pg_attribute a
             WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY attnum)
FROM needed LEFT JOIN pg_catalog.pg_type t ON t.oid = needed.type
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace)";

// Multiranges came with version 14.
std::string question_to(int server_version) {
    const char* const condition =
        server_version < 140000 ? "WHERE t.oid = r.rngtypid" : "WHERE t.oid IN (r.rngtypid, r.rngmultitypid)";
    return std::string{question_head} + condition + question_tail;
}

}  // namespace

void ask_for_types(unit& u, int server_version, const std::vector<std::string_view>& names,
                   const std::vector<oid>& numbers) {
    u.add(sql_view{unchecked_sql{question_to(server_version)}}, 2);
    u.parameters.add(names);
    u.parameters.add(numbers);
}

void learn_types(type_catalog& catalog, const result& answer) {
    for (const row r : answer) {
        for (const auto& name : r[7].as<std::vector<std::string>>()) catalog.add_name(name, r[0].as<oid>());
        // Younger than the snapshot of a transaction, which names do not go by.
        if (r[2].is_null()) continue;
        type_catalog::known_type type{r[0].as<oid>(),  r[1].as<std::string>(), r[2].as<std::string>(), r[3].as<char>(),
                                      r[4].as<char>(), r[5].as<oid>(),         r[6].as<oid>(),         {}};
        const auto names = r[8].as<std::vector<std::string>>();
        const auto numbers = r[9].as<std::vector<oid>>();
        for (std::size_t i = 0; i < names.size() && i < numbers.size(); ++i)
            type.attributes.push_back({names[i], numbers[i]});
        catalog.add(std::move(type));
    }
    for (const row r : answer)
        if (catalog.is_bottomless(r[0].as<oid>())) throw decode_error{"a type that is made of itself"};
}

}  // namespace coropg::detail
