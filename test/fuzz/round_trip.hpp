// What the fuzzers share: a value goes out and comes back without a server.
#pragma once

#include "../support/sampled_types.hpp"

#include <cstdlib>
#include <iostream>

namespace coropg::test {

/// The number of types in the list.
inline constexpr std::size_t type_count = std::tuple_size_v<decltype(sampled_types)>;

/// Calls `visit` with the `sampled<T>` at `index`, if there is one.
template <class Visit>
void visit_type(std::size_t index, Visit&& visit) {
    std::size_t i = 0;
    for_each_sampled_type([&](const auto& type) {
        if (i++ == index) visit(type);
    });
}

/// What is read of `value` as it goes out; nothing when it is one that PostgreSQL does not have.
/// Errors: decode_error when what was written cannot be read.
template <class T>
std::optional<T> out_and_back(const T& value, oid type) {
    if constexpr (requires { codec<T>::visit(value, [](const auto&) {}); }) {
        std::optional<T> back;
        codec<T>::visit(value, [&]<class Held>(const Held& held) {
            if constexpr (!std::is_null_pointer_v<Held>) back = out_and_back(held, type);
        });
        return back;
    } else {
        std::vector<char> bytes;
        try {
            encoder out{bytes};
            codec<T>::encode(value, out);
        } catch (const usage_error&) {
            return std::nullopt;
        }
        const oid sent_as = detail::is_inferred<T>() || codec<T>::type.oid == 0 ? type : codec<T>::type.oid;
        return detail::decode<T>(field{{bytes.data(), bytes.size()}, sent_as, detail::wire_format<T>(), {}});
    }
}

/// Ends the program, which the fuzzer takes for a finding.
[[noreturn]] inline void found(std::string_view type, const std::string& before, const std::string& after) {
    std::cerr << type << ": " << before << " became " << after << std::endl;
    std::abort();
}

}  // namespace coropg::test
