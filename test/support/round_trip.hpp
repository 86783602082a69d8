// Values on their way C++ -> server -> C++, in both formats: the tests of every family of types.
#pragma once

#include "faces.hpp"

namespace coropg::test {

/// Sends `value`, has the server cast it to `type`, and reads it back: in binary as the verbs ask for it, in text as the
/// type's output function writes it, and as NULL. The rows are taken untyped, to spare the compiler a coroutine for
/// each type.
template <class Face, class Connection, class T>
void goes_round_alone(Face& face, Connection& conn, std::string_view type, const T& value) {
    BOOST_TEST_CONTEXT(type) {
        const std::string cast = "$1::" + std::string{type};
        const unchecked_sql sql{"SELECT " + cast + ", format('%s', " + cast + ")"};
        const result sent = AWAIT(conn.execute(sql, value));
        const coropg::value binary = sent[0][0];
        const std::string text = sent[0][1].template as<std::string>();
        const bool same_in_binary = binary.as<T>() == value;
        BOOST_TEST(same_in_binary);
        const bool same_in_text =
            detail::decode<T>(field{text, binary.raw().type(), format::text, {nullptr, 0, 0, sent.types()}}) == value;
        BOOST_TEST_CONTEXT("printed by the server as " << text) BOOST_TEST(same_in_text);

        const result null = AWAIT(conn.execute(sql, std::optional<T>{}));
        const bool is_null = !null[0][0].template as<std::optional<T>>().has_value();
        BOOST_TEST(is_null);
    }
}

/// The same, and through an array with a NULL in it.
template <class Face, class Connection, class T>
void goes_round(Face& face, Connection& conn, std::string_view type, const T& value) {
    goes_round_alone(face, conn, type, value);
    const std::vector<std::optional<T>> array{value, std::nullopt, value};
    goes_round_alone(face, conn, std::string{type} + "[]", array);
}

/// What the server makes of a literal, read as T.
template <class T, class Face, class Connection>
T reads(Face& face, Connection& conn, const std::string& literal) {
    return AWAIT(conn.template fetch_one<T>(unchecked_sql("SELECT " + literal)));
}

}  // namespace coropg::test
