#include <coropg/types/array.hpp>

#include <utility>

namespace coropg::detail {

namespace {

// Source: PostgreSQL's utils/array.h.
constexpr std::int32_t max_dimensions = 6;

constexpr std::size_t header_bytes = 12;
constexpr std::size_t dimension_bytes = 8;
constexpr std::size_t length_bytes = 4;
constexpr oid box = 603;  // the only built-in type whose elements a text separates by another character: ';'

constexpr const char* cut_short = "the array is cut short";
constexpr const char* malformed = "malformed array";
constexpr const char* multi_dimensional = "multi-dimensional arrays are not supported";

constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

void skip_spaces(std::string_view& text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

bool is_null_word(std::string_view word) noexcept {
    return std::ranges::equal(word, std::string_view{"NULL"},
                              [](char have, char upper) { return have == upper || have == upper - 'A' + 'a'; });
}

// What is between brackets in "[2:3]={a,b}".
bool is_bounds(std::string_view text) noexcept {
    return !text.empty() && text.find_first_not_of("0123456789:+-") == std::string_view::npos;
}

}  // namespace

array_reader::array_reader(const field& f) : rest_{f.bytes()}, is_binary_{f.is_binary()} {
    if (is_binary_) {
        open_binary();
    } else {
        element_type_ = element_of(f.type());
        if (element_type_ == box) delimiter_ = ';';
        open_text();
    }
}

bool array_reader::stop(const char* problem) {
    problem_ = problem;
    left_ = 0;
    is_done_ = true;
    return false;
}

bool array_reader::next() {
    if (is_done_) return false;
    is_null_ = false;
    is_copy_ = false;
    bytes_ = {};
    return is_binary_ ? next_binary() : next_text();
}

// int32 number of dimensions, int32 has NULLs, OID of the elements; for each dimension int32 size, int32 lower bound;
// for each element int32 length or -1, bytes. An empty array has no dimensions. Source: array_send in arrayfuncs.c.
void array_reader::open_binary() {
    if (rest_.size() < header_bytes) {
        stop(cut_short);
        return;
    }
    const auto dimensions = field::load<std::int32_t>(rest_.data());
    const auto flags = field::load<std::int32_t>(rest_.data() + 4);
    element_type_ = field::load<oid>(rest_.data() + 8);
    rest_.remove_prefix(header_bytes);
    if (dimensions < 0 || dimensions > max_dimensions || (flags != 0 && flags != 1)) {
        stop(malformed);
    } else if (dimensions > 1) {
        stop(multi_dimensional);
    } else if (dimensions == 0) {
        stop(rest_.empty() ? nullptr : malformed);
    } else if (rest_.size() < dimension_bytes) {
        stop(cut_short);
    } else {
        const auto size = field::load<std::int32_t>(rest_.data());
        rest_.remove_prefix(dimension_bytes);
        if (size < 0) {
            stop(malformed);
        } else if (static_cast<std::size_t>(size) > rest_.size() / length_bytes) {
            stop(cut_short);
        } else {
            left_ = static_cast<std::size_t>(size);
        }
    }
}

bool array_reader::next_binary() {
    if (left_ == 0) return stop(rest_.empty() ? nullptr : malformed);
    --left_;
    if (rest_.size() < length_bytes) return stop(cut_short);
    const auto length = field::load<std::int32_t>(rest_.data());
    rest_.remove_prefix(length_bytes);
    if (length == -1) {
        is_null_ = true;
        return true;
    }
    if (length < 0) return stop(malformed);
    if (static_cast<std::size_t>(length) > rest_.size()) return stop(cut_short);
    bytes_ = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    return true;
}

// [bounds "="] "{" [element {"," element}] "}", spaces allowed between.
// Source: PostgreSQL manual, "Array Input and Output Syntax".
void array_reader::open_text() {
    skip_spaces(rest_);
    std::size_t dimensions = 0;
    while (rest_.starts_with('[')) {
        const std::size_t end = rest_.find(']');
        if (end == std::string_view::npos || !is_bounds(rest_.substr(1, end - 1))) {
            stop(malformed);
            return;
        }
        rest_.remove_prefix(end + 1);
        ++dimensions;
    }
    if (dimensions > 0) {
        skip_spaces(rest_);
        if (!rest_.starts_with('=')) {
            stop(malformed);
            return;
        }
        rest_.remove_prefix(1);
        skip_spaces(rest_);
    }
    if (dimensions > 1) {
        stop(multi_dimensional);
    } else if (!rest_.starts_with('{')) {
        stop(malformed);
    } else {
        rest_.remove_prefix(1);
    }
}

bool array_reader::next_text() {
    skip_spaces(rest_);
    if (rest_.empty()) return stop(cut_short);
    const char first = rest_.front();
    if (first == '}' || !is_first_) {
        if (first != '}' && first != delimiter_) return stop(malformed);
        rest_.remove_prefix(1);
        if (first == '}') {
            skip_spaces(rest_);
            return stop(rest_.empty() ? nullptr : malformed);
        }
        skip_spaces(rest_);
        if (rest_.empty()) return stop(cut_short);
    }
    is_first_ = false;
    if (rest_.front() == '{') return stop(multi_dimensional);
    return rest_.front() == '"' ? read_quoted() : read_plain();
}

// Most elements have no escapes and are viewed where they stand.
bool array_reader::read_quoted() {
    rest_.remove_prefix(1);
    const std::size_t first_special = rest_.find_first_of("\"\\");
    if (first_special == std::string_view::npos) return stop(cut_short);
    if (rest_[first_special] == '"') {
        bytes_ = rest_.substr(0, first_special);
        rest_.remove_prefix(first_special + 1);
        return true;
    }
    unescaped_.clear();
    is_copy_ = true;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
        if (rest_[i] == '"') {
            bytes_ = unescaped_;
            rest_.remove_prefix(i + 1);
            return true;
        }
        if (rest_[i] == '\\' && ++i == rest_.size()) break;
        unescaped_ += rest_[i];
    }
    return stop(cut_short);
}

// The server quotes whatever has escapes, quotes, braces or outer spaces.
bool array_reader::read_plain() {
    const char ends[] = {delimiter_, '}', '\0'};
    const std::size_t end = rest_.find_first_of(ends);
    if (end == std::string_view::npos) return stop(cut_short);
    bytes_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
    while (!bytes_.empty() && is_space(bytes_.back())) bytes_.remove_suffix(1);
    if (bytes_.empty() || bytes_.find_first_of("\"\\{") != std::string_view::npos) return stop(malformed);
    is_null_ = is_null_word(bytes_);
    return true;
}

void write_array_header(std::size_t size, bool has_null, oid element, encoder& out) {
    if (!std::in_range<std::int32_t>(size)) throw usage_error{"an array parameter has too many elements"};
    out.number(std::int32_t{size == 0 ? 0 : 1});
    out.number(std::int32_t{has_null ? 1 : 0});
    out.number(element);
    if (size == 0) return;
    out.number(static_cast<std::int32_t>(size));
    out.number(std::int32_t{1});
}

void write_quoted_element(std::string_view text, encoder& out) {
    out.bytes("\"");
    while (true) {
        const std::size_t special = text.find_first_of("\"\\");
        out.bytes(text.substr(0, special));
        if (special == std::string_view::npos) break;
        out.bytes("\\");
        out.bytes(text.substr(special, 1));
        text.remove_prefix(special + 1);
    }
    out.bytes("\"");
}

}  // namespace coropg::detail
