// The server's messages, put together byte by byte: what a script of the fake server sends. They are strings, and
// follow one another by `+`.
//
//   message:  byte type;  int32 length, itself included;  body
//   string:   bytes, ended by a zero byte. Numbers are in network order.
//
// Source: PostgreSQL manual, "Message Formats".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg::testing {

namespace detail {

inline std::string int16(std::size_t value) {
    return {static_cast<char>(value >> 8U & 0xffU), static_cast<char>(value & 0xffU)};
}

inline std::string int32(std::uint32_t value) { return int16(value >> 16U) + int16(value & 0xffffU); }

inline std::string zero_ended(std::string_view text) { return std::string{text} + '\0'; }

}  // namespace detail

/// Any message. `length` makes it lie: it counts itself and the body.
[[nodiscard]] inline std::string message(char type, std::string_view body = {},
                                         std::optional<std::uint32_t> length = {}) {
    return type + detail::int32(length.value_or(static_cast<std::uint32_t>(body.size() + 4))) + std::string{body};
}

// --- connecting ---

[[nodiscard]] inline std::string authentication_ok() { return message('R', detail::int32(0)); }

[[nodiscard]] inline std::string parameter_status(std::string_view name, std::string_view value) {
    return message('S', detail::zero_ended(name) + detail::zero_ended(value));
}

[[nodiscard]] inline std::string backend_key_data(std::uint32_t pid, std::uint32_t secret) {
    return message('K', detail::int32(pid) + detail::int32(secret));
}

/// `status`: 'I' idle, 'T' in a transaction, 'E' in a failed one.
[[nodiscard]] inline std::string ready_for_query(char status = 'I') { return message('Z', {&status, 1}); }

/// All from AuthenticationOk to ReadyForQuery: what a server says that trusts.
[[nodiscard]] inline std::string greeting(std::uint32_t pid = 1, std::uint32_t secret = 1) {
    return authentication_ok() + parameter_status("server_version", "15.0") +
           parameter_status("server_encoding", "UTF8") + parameter_status("client_encoding", "UTF8") +
           parameter_status("DateStyle", "ISO, MDY") + parameter_status("TimeZone", "UTC") +
           parameter_status("integer_datetimes", "on") + parameter_status("standard_conforming_strings", "on") +
           backend_key_data(pid, secret) + ready_for_query();
}

// --- statements ---

[[nodiscard]] inline std::string parse_complete() { return message('1'); }
[[nodiscard]] inline std::string bind_complete() { return message('2'); }
[[nodiscard]] inline std::string close_complete() { return message('3'); }
[[nodiscard]] inline std::string no_data() { return message('n'); }
[[nodiscard]] inline std::string portal_suspended() { return message('s'); }
[[nodiscard]] inline std::string empty_query_response() { return message('I'); }

/// `tag`: "SELECT 1", "INSERT 0 3", ...
[[nodiscard]] inline std::string command_complete(std::string_view tag) {
    return message('C', detail::zero_ended(tag));
}

/// The types of a statement's parameters, by their OIDs.
[[nodiscard]] inline std::string parameter_description(const std::vector<std::uint32_t>& types) {
    std::string body = detail::int16(types.size());
    for (const std::uint32_t type : types) body += detail::int32(type);
    return message('t', body);
}

/// A column of a result: its name, the OID of its type, and whether values come in binary.
struct column {
    std::string name;
    std::uint32_t type = 25;  ///< text
    bool binary = false;
};

[[nodiscard]] inline std::string row_description(const std::vector<column>& columns) {
    std::string body = detail::int16(columns.size());
    for (const column& c : columns)
        body += detail::zero_ended(c.name) + detail::int32(0) + detail::int16(0) + detail::int32(c.type) +
                detail::int16(0xffff) + detail::int32(0xffffffff) + detail::int16(c.binary ? 1 : 0);
    return message('T', body);
}

/// The values of one row, in the format that their columns have; nullopt is NULL.
using values = std::vector<std::optional<std::string>>;

[[nodiscard]] inline std::string data_row(const values& row) {
    std::string body = detail::int16(row.size());
    for (const auto& value : row)
        body += value ? detail::int32(static_cast<std::uint32_t>(value->size())) + *value : detail::int32(0xffffffff);
    return message('D', body);
}

// --- what may come at any time ---

/// The fields of an error or a notice, by the letters of the protocol: {{'S', "ERROR"}, {'C', "23505"}, {'M', "..."}}.
using fields = std::vector<std::pair<char, std::string>>;

namespace detail {

inline std::string fields_of(const fields& all) {
    std::string body;
    for (const auto& [letter, text] : all) body += letter + zero_ended(text);
    return body + '\0';
}

}  // namespace detail

[[nodiscard]] inline std::string error_response(const fields& all) { return message('E', detail::fields_of(all)); }

[[nodiscard]] inline std::string error_response(std::string_view sqlstate, std::string_view text) {
    return error_response({{'S', "ERROR"}, {'V', "ERROR"}, {'C', std::string{sqlstate}}, {'M', std::string{text}}});
}

[[nodiscard]] inline std::string notice_response(const fields& all) { return message('N', detail::fields_of(all)); }

[[nodiscard]] inline std::string notification_response(std::uint32_t pid, std::string_view channel,
                                                       std::string_view payload) {
    return message('A', detail::int32(pid) + detail::zero_ended(channel) + detail::zero_ended(payload));
}

// --- COPY ---

namespace detail {

inline std::string copy_body(std::size_t columns, bool binary) {
    std::string body(1, binary ? '\1' : '\0');
    body += int16(columns);
    for (std::size_t i = 0; i < columns; ++i) body += int16(binary ? 1 : 0);
    return body;
}

}  // namespace detail

[[nodiscard]] inline std::string copy_in_response(std::size_t columns, bool binary = false) {
    return message('G', detail::copy_body(columns, binary));
}
[[nodiscard]] inline std::string copy_out_response(std::size_t columns, bool binary = false) {
    return message('H', detail::copy_body(columns, binary));
}
[[nodiscard]] inline std::string copy_data(std::string_view data) { return message('d', data); }
[[nodiscard]] inline std::string copy_done() { return message('c'); }

}  // namespace coropg::testing
