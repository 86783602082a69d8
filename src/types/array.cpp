#include <coropg/types/array.hpp>

#include <charconv>
#include <limits>
#include <utility>

namespace coropg::detail {

namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::size_t dimension_bytes = 8;
constexpr std::size_t length_bytes = 4;
constexpr oid box = 603;  // the only built-in type whose elements a text separates by another character: ';'

constexpr const char* cut_short = "the array is cut short";
constexpr const char* malformed = "malformed array";
constexpr const char* too_many_dimensions = "more than 6 dimensions";

constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

void skip_spaces(std::string_view& text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

bool is_null_word(std::string_view word) noexcept {
    return std::ranges::equal(word, std::string_view{"NULL"},
                              [](char have, char upper) { return have == upper || have == upper - 'A' + 'a'; });
}

// The indices of a dimension, and what follows the last of them, are 32-bit numbers.
// Source: ArrayCheckBounds in PostgreSQL's arrayutils.c.
bool has_indices(const array_dimension& d) noexcept {
    return d.size > 0 && std::int64_t{d.lower} + d.size <= std::numeric_limits<std::int32_t>::max();
}

// The elements of all dimensions; nothing when they are more than `limit`.
std::optional<std::size_t> count_elements(std::span<const array_dimension> dimensions, std::size_t limit) noexcept {
    std::size_t elements = dimensions.empty() ? 0 : 1;
    for (const array_dimension& d : dimensions) {
        if (__builtin_mul_overflow(elements, static_cast<std::size_t>(d.size), &elements) || elements > limit) {
            return std::nullopt;
        }
    }
    return elements;
}

bool take_number(std::string_view& text, std::int32_t& number) noexcept {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return problem == std::errc{};
}

bool take(std::string_view& text, char wanted) noexcept {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

void check_dimensions(std::span<const array_dimension> dimensions, std::size_t elements) {
    if (dimensions.size() > max_dimensions) throw usage_error{"PostgreSQL's arrays have at most 6 dimensions"};
    if (!std::ranges::all_of(dimensions, has_indices)) {
        throw usage_error{"an array has an empty dimension, or one whose indices exceed 32 bits"};
    }
    if (count_elements(dimensions, elements) != elements) {
        throw usage_error{"an array has another number of elements than its dimensions say"};
    }
}

std::size_t element_offset(std::span<const array_dimension> dimensions, std::span<const std::int32_t> indices) {
    if (indices.size() != dimensions.size()) {
        throw usage_error{std::to_string(indices.size()) + " indices for an array of " +
                          std::to_string(dimensions.size()) + " dimensions"};
    }
    std::size_t offset = 0;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const std::int64_t position = std::int64_t{indices[i]} - dimensions[i].lower;
        if (position < 0 || position >= dimensions[i].size) {
            throw usage_error{std::string{"an array has no index "}
                                  .append(std::to_string(indices[i]))
                                  .append(" in dimension ")
                                  .append(std::to_string(i + 1))};
        }
        offset = offset * static_cast<std::size_t>(dimensions[i].size) + static_cast<std::size_t>(position);
    }
    return offset;
}

array_reader::array_reader(const field& f, char delimiter)
    : rest_{f.bytes()}, delimiter_{delimiter}, is_binary_{f.is_binary()} {
    if (is_binary_) {
        open_binary();
    } else {
        element_type_ = f.element_type();
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
    const auto count = field::load<std::int32_t>(rest_.data());
    const auto flags = field::load<std::int32_t>(rest_.data() + 4);
    element_type_ = field::load<oid>(rest_.data() + 8);
    rest_.remove_prefix(header_bytes);
    if (count < 0 || std::cmp_greater(count, max_dimensions) || (flags != 0 && flags != 1)) {
        stop(malformed);
        return;
    }
    dimension_count_ = static_cast<std::size_t>(count);
    if (rest_.size() < dimension_count_ * dimension_bytes) {
        stop(cut_short);
        return;
    }
    bool is_empty = dimension_count_ == 0;
    for (std::size_t i = 0; i < dimension_count_; ++i) {
        dimensions_[i] = {field::load<std::int32_t>(rest_.data()), field::load<std::int32_t>(rest_.data() + 4)};
        rest_.remove_prefix(dimension_bytes);
        if (dimensions_[i].size == 0) {
            is_empty = true;
        } else if (!has_indices(dimensions_[i])) {
            stop(malformed);
            return;
        }
    }
    if (is_empty) {  // the server too takes an empty dimension for an empty array
        dimension_count_ = 0;
    } else if (const auto elements = count_elements(dimensions(), rest_.size() / length_bytes)) {
        left_ = *elements;
    } else {
        stop(cut_short);
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

// array = [bounds "="] items; bounds = "[" lower ":" upper "]" for each dimension; items = "{" item {"," item} "}"; an
// item is an element or, in all but the last dimension, items again. The empty array is "{}". Spaces are allowed
// between.
// Source: PostgreSQL manual, "Array Input and Output Syntax".
void array_reader::open_text() {
    skip_spaces(rest_);
    if (!read_bounds()) {
        stop(malformed);
        return;
    }
    std::size_t braces = 0;
    std::string_view ahead = rest_;
    while (take(ahead, '{')) {
        ++braces;
        skip_spaces(ahead);
    }
    const bool is_empty = braces == 1 && ahead.starts_with('}');
    if (braces > max_dimensions) {
        stop(too_many_dimensions);
    } else if (braces == 0 || (dimension_count_ != 0 && (braces != dimension_count_ || is_empty))) {
        stop(malformed);
    } else if (is_empty) {
        ahead.remove_prefix(1);
        skip_spaces(ahead);
        stop(ahead.empty() ? nullptr : malformed);
    } else {
        dimension_count_ = braces;
    }
}

bool array_reader::read_bounds() {
    while (take(rest_, '[')) {
        if (dimension_count_ == max_dimensions) return false;
        std::int32_t lower = 0;
        std::int32_t upper = 0;
        if (!take_number(rest_, lower) || !take(rest_, ':') || !take_number(rest_, upper) || !take(rest_, ']')) {
            return false;
        }
        const std::int64_t size = std::int64_t{upper} - lower + 1;
        if (size <= 0 || !std::in_range<std::int32_t>(size)) return false;
        array_dimension& dimension = dimensions_[dimension_count_++];
        dimension = {static_cast<std::int32_t>(size), lower};
        if (!has_indices(dimension)) return false;
    }
    skip_spaces(rest_);
    if (dimension_count_ == 0) return true;
    if (!take(rest_, '=')) return false;
    skip_spaces(rest_);
    return true;
}

bool array_reader::next_text() {
    if (open_ != 0) {
        if (!close_braces()) return false;
        if (!take(rest_, delimiter_)) return stop(malformed);
    }
    if (!open_braces()) return false;
    return rest_.front() == '"' ? read_quoted() : read_plain();
}

// False at the end of the array, which is where its last brace closes.
bool array_reader::close_braces() {
    skip_spaces(rest_);
    while (take(rest_, '}')) {
        --open_;
        std::int32_t& size = dimensions_[open_].size;
        if (size == 0) size = counts_[open_];  // the first of these braces says how many items the others have
        if (size != counts_[open_]) return stop(malformed);
        skip_spaces(rest_);
        if (open_ == 0) return stop(rest_.empty() ? nullptr : malformed);
    }
    return rest_.empty() ? stop(cut_short) : true;
}

// Goes down to where an element stands, and counts the items on the way.
bool array_reader::open_braces() {
    skip_spaces(rest_);
    if (open_ != 0) ++counts_[open_ - 1];
    while (open_ < dimension_count_) {
        if (!take(rest_, '{')) return stop(rest_.empty() ? cut_short : malformed);
        skip_spaces(rest_);
        counts_[open_++] = 1;
    }
    return rest_.empty() ? stop(cut_short) : true;
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

void write_array_header(std::span<const array_dimension> dimensions, bool has_null, const pg_type& element,
                        encoder& out) {
    out.number(static_cast<std::int32_t>(dimensions.size()));
    out.number(std::int32_t{has_null ? 1 : 0});
    out.type_oid(element);
    for (const array_dimension& d : dimensions) {
        out.number(d.size);
        out.number(d.lower);
    }
}

void write_array_bounds(std::span<const array_dimension> dimensions, encoder& out) {
    if (std::ranges::all_of(dimensions, [](const array_dimension& d) { return d.lower == 1; })) return;
    for (const array_dimension& d : dimensions) {
        out.bytes(std::string{"["}
                      .append(std::to_string(d.lower))
                      .append(":")
                      .append(std::to_string(std::int64_t{d.lower} + d.size - 1))
                      .append("]"));
    }
    out.bytes("=");
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
