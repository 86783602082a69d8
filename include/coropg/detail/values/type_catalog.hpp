// The types of a server that are not built in: those made by CREATE TYPE, CREATE DOMAIN and extensions, whose
// OIDs differ from one database to the next. Never changed once it is shared: who learns more makes a new one. But a
// type may be doubted, on any thread: what a value or a struct contradicts may have been altered on the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coropg::detail {

class type_catalog {
 public:
    using oid = std::uint32_t;

    /// One column of a composite.
    struct attribute {
        std::string name;
        oid type = 0;
    };

    /// A row of pg_type. Source: PostgreSQL manual, "pg_type".
    struct known_type {
        oid number = 0;
        std::string schema;
        std::string name;
        char kind = 'b';      ///< typtype: b(ase), c(omposite), d(omain), e(num), r(ange), m(ultirange)
        char category = 'U';  ///< typcategory: S is text, A an array
        oid element = 0;      ///< of an array
        oid base = 0;         ///< of a domain
        std::vector<attribute> attributes;

        /// From now on all who share what is known of this type are to ask for it again.
        void doubt() const noexcept { doubts->store(true, std::memory_order_relaxed); }
        [[nodiscard]] bool is_doubted() const noexcept { return doubts->load(std::memory_order_relaxed); }
        std::shared_ptr<std::atomic<bool>> doubts = std::make_shared<std::atomic<bool>>(false);
    };

    void add(known_type type);
    /// Whether it is made of types on top of each other without an end, or of more than anybody makes: by `like` and
    /// `may_be` such a type could not be looked at.
    [[nodiscard]] bool is_bottomless(oid number) const noexcept;
    /// `name`, as a codec says it, is the type of this number.
    void add_name(std::string_view name, oid number);
    /// The numbers are to be asked for again; what is known by number stays true.
    void forget_names() noexcept { names_.clear(); }

    [[nodiscard]] const known_type* find(oid number) const noexcept;
    /// The same of a domain is its base, and of a type that is doubted nothing.
    [[nodiscard]] const known_type* find_base(oid number) const noexcept;
    /// The number of the type that a codec names so; 0 when it is to be asked for.
    [[nodiscard]] oid number_of(std::string_view name) const noexcept;

    /// The built-in type whose codec reads this type: a domain's base, text for an enum, else the type itself.
    [[nodiscard]] oid like(oid number) const noexcept;
    /// Whether a codec's `name` ("mood", "app.mood", "mood[]") means this type, or a domain over it, as far as is known.
    [[nodiscard]] bool may_be(oid number, std::string_view name) const noexcept;

 private:
    [[nodiscard]] bool is_over(const known_type& domain, oid base) const noexcept;

    std::map<oid, known_type> types_;
    std::map<std::string, oid, std::less<>> names_;
};

}  // namespace coropg::detail
