#include <coropg/types/range.hpp>

namespace coropg::detail {

namespace {

// Source: PostgreSQL's utils/rangetypes.h.
constexpr unsigned flag_empty = 0x01;
constexpr unsigned flag_lower_inclusive = 0x02;
constexpr unsigned flag_upper_inclusive = 0x04;
constexpr unsigned flag_lower_infinite = 0x08;
constexpr unsigned flag_upper_infinite = 0x10;
constexpr unsigned known_flags = 0x1F;

constexpr std::size_t length_bytes = 4;
constexpr std::size_t least_range_bytes = 1;

constexpr const char* range_cut_short = "the range is cut short";
constexpr const char* malformed_range = "malformed range";
constexpr const char* multirange_cut_short = "the multirange is cut short";
constexpr const char* malformed_multirange = "malformed multirange";

bool take(std::string_view& text, std::string_view wanted) noexcept {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(wanted.size());
    return true;
}

// Takes an int32 length and as many bytes; false when there are less.
bool take_sized(std::string_view& bytes, std::string_view& out) noexcept {
    if (bytes.size() < length_bytes) return false;
    const auto length = field::load<std::uint32_t>(bytes.data());
    bytes.remove_prefix(length_bytes);
    if (length > bytes.size()) return false;
    out = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return true;
}

// byte flags; for each bound that is neither infinite nor of the empty range int32 length, bytes.
// Source: range_send in rangetypes.c.
const char* read_binary(std::string_view bytes, range_parts& out) {
    if (bytes.empty()) return range_cut_short;
    const unsigned flags = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if ((flags & ~known_flags) != 0) return malformed_range;
    out.is_empty = (flags & flag_empty) != 0;
    out.includes_lower = (flags & flag_lower_inclusive) != 0;
    out.includes_upper = (flags & flag_upper_inclusive) != 0;
    out.lower.reset();
    out.upper.reset();
    if (!out.is_empty) {
        if ((flags & flag_lower_infinite) == 0 && !take_sized(bytes, out.lower.emplace())) return range_cut_short;
        if ((flags & flag_upper_infinite) == 0 && !take_sized(bytes, out.upper.emplace())) return range_cut_short;
    }
    return bytes.empty() ? nullptr : malformed_range;
}

// Takes a bound up to what ends it; nothing is an infinite one. A bound in quotes has the quotes and backslashes in it
// doubled.
const char* take_bound(std::string_view& text, std::optional<std::string_view>& out, std::string& unescaped) {
    out.reset();
    if (!take(text, "\"")) {
        const std::size_t end = text.find_first_of(",)]");
        if (end == std::string_view::npos) return range_cut_short;
        if (end != 0) out = text.substr(0, end);
        text.remove_prefix(end);
        return out && out->find_first_of("\"\\([") != std::string_view::npos ? malformed_range : nullptr;
    }
    unescaped.clear();
    while (true) {
        const std::size_t special = text.find_first_of("\"\\");
        if (special == std::string_view::npos) return range_cut_short;
        unescaped += text.substr(0, special);
        const char quote = text[special];
        text.remove_prefix(special + 1);
        if (text.starts_with(quote)) {
            unescaped += quote;
            text.remove_prefix(1);
        } else if (quote == '"') {
            out = unescaped;
            return nullptr;
        } else {
            return malformed_range;
        }
    }
}

// "empty", or ("[" | "(") [bound] "," [bound] ("]" | ")").
// Source: PostgreSQL manual, "Range Input and Output"; range_deparse in rangetypes.c.
const char* take_text(std::string_view& text, range_parts& out) {
    out.is_empty = take(text, "empty");
    if (out.is_empty) return nullptr;
    out.includes_lower = text.starts_with('[');
    if (!take(text, "[") && !take(text, "(")) return malformed_range;
    if (const char* const problem = take_bound(text, out.lower, out.unescaped_lower)) return problem;
    if (!take(text, ",")) return malformed_range;
    if (const char* const problem = take_bound(text, out.upper, out.unescaped_upper)) return problem;
    out.includes_upper = text.starts_with(']');
    return take(text, "]") || take(text, ")") ? nullptr : malformed_range;
}

}  // namespace

const char* read_range(const field& f, range_parts& out) {
    if (f.is_binary()) return read_binary(f.bytes(), out);
    std::string_view text = f.bytes();
    const char* const problem = take_text(text, out);
    return problem == nullptr && !text.empty() ? malformed_range : problem;
}

// int32 number of ranges; for each int32 length, range. Source: multirange_send in multirangetypes.c.
multirange_reader::multirange_reader(const field& f) : rest_{f.bytes()}, is_binary_{f.is_binary()} {
    if (!is_binary_) {
        if (!take(rest_, "{")) stop(malformed_multirange);
        return;
    }
    if (rest_.size() < length_bytes) {
        stop(multirange_cut_short);
        return;
    }
    left_ = field::load<std::uint32_t>(rest_.data());
    rest_.remove_prefix(length_bytes);
    if (left_ > rest_.size() / (length_bytes + least_range_bytes)) stop(multirange_cut_short);
}

bool multirange_reader::stop(const char* problem) {
    problem_ = problem;
    left_ = 0;
    is_done_ = true;
    return false;
}

bool multirange_reader::next(range_parts& out) {
    if (is_done_) return false;
    return is_binary_ ? next_binary(out) : next_text(out);
}

bool multirange_reader::next_binary(range_parts& out) {
    if (left_ == 0) return stop(rest_.empty() ? nullptr : malformed_multirange);
    --left_;
    std::string_view bytes;
    if (!take_sized(rest_, bytes)) return stop(multirange_cut_short);
    const char* const problem = read_binary(bytes, out);
    return problem == nullptr || stop(problem);
}

// "{" [range {"," range}] "}". Source: multirange_out in multirangetypes.c.
bool multirange_reader::next_text(range_parts& out) {
    const bool is_end = take(rest_, "}");
    if (is_end) return stop(rest_.empty() ? nullptr : malformed_multirange);
    if (!is_first_ && !take(rest_, ",")) return stop(malformed_multirange);
    is_first_ = false;
    const char* const problem = take_text(rest_, out);
    return problem == nullptr || stop(problem);
}

void write_range_flags(bool is_empty, bool includes_lower, bool includes_upper, bool has_lower, bool has_upper,
                       encoder& out) {
    const unsigned flags =
        is_empty ? flag_empty
                 : (includes_lower ? flag_lower_inclusive : 0U) | (includes_upper ? flag_upper_inclusive : 0U) |
                       (has_lower ? 0U : flag_lower_infinite) | (has_upper ? 0U : flag_upper_infinite);
    out.number(static_cast<std::uint8_t>(flags));
}

}  // namespace coropg::detail
