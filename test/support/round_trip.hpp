// Values on their way C++ -> server -> C++, in both formats: the tests of every family of types.
#pragma once

#include "faces.hpp"

namespace coropg::test {

/// Sends `value`, has the server cast it to `type`, and reads it back: in binary as the verbs ask for it, in text as the
/// type's output function writes it, and as NULL.
template <class Face, class Connection, class T>
void goes_round_alone(Face& face, Connection& conn, std::string_view type, const T& value) {
    BOOST_TEST_CONTEXT(type) {
        const std::string cast = "$1::" + std::string{type};
        BOOST_TEST((AWAIT(conn.template fetch_one<T>(unchecked_sql("SELECT " + cast), value)) == value));
        BOOST_TEST((AWAIT(conn.template fetch_one<std::optional<T>>(unchecked_sql("SELECT " + cast),
                                                                    std::optional<T>{})) == std::nullopt));

        const result both = AWAIT(conn.execute(unchecked_sql("SELECT format('%s', " + cast + "), " + cast), value));
        const std::string text = both[0][0].template as<std::string>();
        BOOST_TEST_CONTEXT("printed by the server as " << text)
        BOOST_TEST((detail::decode<T>(field{text, both[0][1].raw().type(), format::text, {}}) == value));
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
