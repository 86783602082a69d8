#include <coropg/codec.hpp>

#include <coropg/detail/values/pg_types.hpp>
#include <coropg/detail/values/type_catalog.hpp>

#include <libpq-fe.h>
#include "advice.hpp"

#include <array>
#include <limits>
#include <utility>

namespace coropg {

namespace {

using detail::field_place;

std::string type_text(const field_place& place, oid type) {
    if (std::string name = detail::builtin_type_name(type); !name.empty()) return name;
    const auto* const known = place.types == nullptr ? nullptr : place.types->find(type);
    return known == nullptr ? "type " + std::to_string(type) : known->name;
}

// `column "age" (int4)`; a value that stands in no result has only its type to name it.
std::string value_text(const field_place& place, oid type) {
    if (place.result == nullptr) return type_text(place, type);
    const char* const name = PQfname(place.result, place.column);
    const std::string column = name == nullptr ? std::to_string(place.column + 1) : '"' + std::string{name} + '"';
    return "column " + column + " (" + type_text(place, type) + ")";
}

std::string row_text(const field_place& place) {
    return place.result == nullptr ? std::string{} : ", row " + std::to_string(place.row + 1);
}

// Compilers spell out what the standard library's aliases stand for; the reader knows the alias.
std::string plain(std::string_view cpp_type) {
    static constexpr auto spellings = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"__cxx11::", ""},
        {"_V2::", ""},
        {"std::basic_string<char>", "std::string"},
        {"std::basic_string_view<char>", "std::string_view"},
        {"short int", "short"},
        {"long int", "long"},
        {" >", ">"},
    });
    std::string text{cpp_type};
    for (const auto& [spelled, alias] : spellings) {
        for (auto at = text.find(spelled); at != std::string::npos; at = text.find(spelled, at + alias.size())) {
            text.replace(at, spelled.size(), alias);
        }
    }
    return text;
}

std::string cannot_be_read(const field_place& place, oid type, std::string_view cpp_type) {
    return value_text(place, type) + " cannot be read as " + plain(cpp_type) + ": ";
}

}  // namespace

oid detail::like_known(const type_catalog& types, oid type) noexcept { return types.like(type); }

bool field::may_be(std::string_view name) const noexcept {
    return place_.types == nullptr || place_.types->may_be(type_, name);
}

oid field::element_type() const noexcept {
    if (const oid element = detail::element_of(type_); element != 0) return element;
    const auto* const known = place_.types == nullptr ? nullptr : place_.types->find(type_);
    return known != nullptr && known->category == 'A' ? known->element : 0;
}

std::vector<std::string_view> field::attributes() const {
    const auto* const known = place_.types == nullptr ? nullptr : place_.types->find(type_);
    std::vector<std::string_view> names;
    if (known != nullptr)
        for (const auto& attribute : known->attributes) names.push_back(attribute.name);
    return names;
}

void field::fail(std::string_view cpp_type, std::string_view reason) const {
    throw decode_error{cannot_be_read(place_, type_, cpp_type) + std::string{reason} + row_text(place_)};
}

void field::fail_length(std::string_view cpp_type) const {
    fail(cpp_type, "unexpected length " + std::to_string(bytes_.size()));
}

void field::mismatch(std::string_view cpp_type, detail::cpp_kind kind) const {
    const auto* const known = place_.types == nullptr ? nullptr : place_.types->find(type_);
    if (known != nullptr) known->doubt();  // a domain over it may be younger than what is known
    std::string reason = "no codec<" + plain(cpp_type) + "> reads that type";
    if (is_binary())
        reason += detail::advice(type_, kind);
    else
        reason +=
            " in text, as its result came (text_results, or a column without a binary form): read it as std::string, "
            "or list the columns and cast";
    throw decode_error{cannot_be_read(place_, type_, cpp_type) + reason};
}

void field::null(std::string_view cpp_type) const {
    throw null_error{cannot_be_read(place_, type_, cpp_type) + "the value is NULL; ask for std::optional<" +
                     plain(cpp_type) + ">" + row_text(place_)};
}

void encoder::text(std::string_view data) {
    if (data.find('\0') != std::string_view::npos) {
        throw usage_error{"a text parameter holds a NUL byte, which PostgreSQL cannot store"};
    }
    bytes(data);
}

void encoder::patch_length(std::size_t at) {
    const std::size_t length = out_.size() - at - sizeof(std::int32_t);
    if (!std::in_range<std::int32_t>(length)) {
        throw usage_error{"a value of " + std::to_string(length) + " bytes exceeds the protocol's limit of 2147483647"};
    }
    detail::store(out_.data() + at, static_cast<std::int32_t>(length));
}

}  // namespace coropg
