#include <coropg/types/textsearch.hpp>

#include <algorithm>
#include <charconv>

namespace coropg {

namespace {

// Source: PostgreSQL's tsearch/ts_type.h.
constexpr std::size_t max_word_bytes = 2046;
constexpr std::size_t max_positions = 255;
constexpr unsigned position_bits = 14;
constexpr std::uint16_t max_position = (1U << position_bits) - 1;
constexpr std::uint16_t max_distance = 1U << position_bits;

constexpr const char* cut_short = "cut short";
constexpr const char* malformed = "malformed text";

constexpr std::string_view weight_letters = "DCBA";

// The front of a text or of bytes; each function takes what it names, or says false.
class reader {
 public:
    explicit reader(std::string_view bytes) : rest_{bytes} {}

    [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

    bool take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }

    void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

    // One of the letters A to D.
    bool weight(ts_weight& out) {
        const std::size_t at = rest_.empty() ? std::string_view::npos : weight_letters.find(rest_.front());
        if (at == std::string_view::npos) return false;
        out = static_cast<ts_weight>(at);
        rest_.remove_prefix(1);
        return true;
    }

    bool decimal(std::uint16_t& out) {
        const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
        if (problem != std::errc{}) return false;
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return true;
    }

    // 'it''s a \\': quotes and backslashes are doubled.
    bool quoted(std::string& out) {
        if (!take("'")) return false;
        out.clear();
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '\'' && !rest_.starts_with('\'')) return !out.empty();
            if (c == '\'' || c == '\\') {
                if (!rest_.starts_with(c)) return false;
                rest_.remove_prefix(1);
            }
            out += c;
        }
        return false;
    }

    template <class Number>
    bool number(Number& out) {
        if (rest_.size() < sizeof out) return false;
        out = field::load<Number>(rest_.data());
        rest_.remove_prefix(sizeof out);
        return true;
    }

    bool zero_terminated(std::string& out) {
        const std::size_t end = rest_.find('\0');
        if (end == std::string_view::npos) return false;
        out = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return true;
    }

 private:
    std::string_view rest_;
};

void print_quoted(std::string_view word, std::string& out) {
    out += '\'';
    for (const char c : word) {
        if (c == '\'' || c == '\\') out += c;
        out += c;
    }
    out += '\'';
}

void write_word(const std::string& word, encoder& out) {
    if (word.empty()) throw usage_error{"a word for text search is empty"};
    if (word.size() > max_word_bytes) throw usage_error{"a word for text search has more than 2046 bytes"};
    out.text(word);
    out.number(std::uint8_t{0});
}

// int32 count of words; for each its bytes and a zero byte, int16 count of positions, and these, with the weight in the
// upper two bits. Source: tsvectorsend in tsvector.c.
const char* read_binary(reader in, std::vector<ts_lexeme>& out) {
    constexpr std::size_t least_bytes = 1 + sizeof(std::uint16_t);
    std::int32_t count = 0;
    if (!in.number(count)) return cut_short;
    if (count < 0 || static_cast<std::size_t>(count) > in.left() / least_bytes) return cut_short;
    out.resize(static_cast<std::size_t>(count));
    for (auto& [word, positions] : out) {
        std::uint16_t size = 0;
        if (!in.zero_terminated(word) || !in.number(size) || size > in.left() / sizeof size) return cut_short;
        positions.resize(size);
        for (auto& [position, weight] : positions) {
            std::uint16_t raw = 0;
            in.number(raw);
            position = raw & max_position;
            weight = static_cast<ts_weight>(raw >> position_bits);
        }
    }
    return in.done() ? nullptr : "more bytes than announced";
}

// word [":" position [weight] {"," position [weight]}], with a space between
const char* read_text(reader in, std::vector<ts_lexeme>& out) {
    while (!in.done()) {
        if (!out.empty() && !in.take(" ")) return malformed;
        auto& [word, positions] = out.emplace_back();
        if (!in.quoted(word)) return malformed;
        if (!in.take(":")) continue;
        do {
            auto& [position, weight] = positions.emplace_back();
            if (!in.decimal(position)) return malformed;
            in.weight(weight);
        } while (in.take(","));
    }
    return nullptr;
}

// False when a word is there twice.
bool sort(std::vector<ts_lexeme>& lexemes) {
    std::ranges::sort(lexemes, {}, &ts_lexeme::word);
    return std::ranges::adjacent_find(lexemes, {}, &ts_lexeme::word) == lexemes.end();
}

// --- queries ---------------------------------------------------------------------------------------------------------

using kind = tsquery::kind;
using node = tsquery::node;

constexpr std::uint8_t wire_word = 1;
constexpr std::uint8_t wire_operator = 2;

int operands(kind what) { return what == kind::word ? 0 : what == kind::negation ? 1 : 2; }

int priority(kind what) {
    switch (what) {
        case kind::disjunction: return 1;
        case kind::conjunction: return 2;
        case kind::phrase: return 3;
        case kind::negation: return 4;
        default: return 5;
    }
}

// "|", "&", "<->" or "<2>"
bool take_operator(reader& in, node& out) {
    if (in.take("&")) return out.what = kind::conjunction, true;
    if (in.take("|")) return out.what = kind::disjunction, true;
    out.what = kind::phrase;
    out.distance = 1;
    if (in.take("<->")) return true;
    return in.take("<") && in.decimal(out.distance) && out.distance <= max_distance && in.take(">");
}

// word [":" ["*"] {weight}]
bool take_word(reader& in, node& out) {
    if (!in.quoted(out.word)) return false;
    if (!in.take(":")) return true;
    out.is_prefix = in.take("*");
    for (ts_weight weight{}; in.weight(weight);)
        out.weights |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(weight));
    return out.is_prefix || out.weights != 0;
}

std::string print_word(const node& n) {
    std::string text;
    print_quoted(n.word, text);
    if (n.is_prefix || n.weights != 0) text += ':';
    if (n.is_prefix) text += '*';
    for (unsigned weight = 4; weight-- > 0;)
        if ((n.weights >> weight & 1U) != 0) text += weight_letters[weight];
    return text;
}

std::string print_operator(const node& n) {
    switch (n.what) {
        case kind::conjunction: return " & ";
        case kind::disjunction: return " | ";
        default: return n.distance == 1 ? " <-> " : " <" + std::to_string(n.distance) + "> ";
    }
}

bool take_node(reader& in, node& out) {
    std::uint8_t type = 0;
    if (!in.number(type)) return false;
    if (type == wire_word) {
        std::uint8_t prefix = 0;
        if (!in.number(out.weights) || out.weights > 15 || !in.number(prefix)) return false;
        out.is_prefix = prefix != 0;
        return in.zero_terminated(out.word);
    }
    std::uint8_t code = 0;
    if (type != wire_operator || !in.number(code) || code < 1 || code > 4) return false;
    out.what = static_cast<kind>(code);
    return out.what != kind::phrase || in.number(out.distance);
}

tsquery::node word_node(std::string text, std::initializer_list<ts_weight> weights, bool is_prefix) {
    if (text.empty()) throw usage_error{"a word for text search is empty"};
    node n{kind::word, is_prefix, 0, 0, std::move(text)};
    for (const ts_weight weight : weights) n.weights |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(weight));
    return n;
}

}  // namespace

tsvector::tsvector(std::vector<ts_lexeme> lexemes) : lexemes_{std::move(lexemes)} {
    if (!sort(lexemes_)) throw usage_error{"a word is twice in a tsvector"};
}

std::string tsvector::to_string() const {
    std::string text;
    for (const auto& [word, positions] : lexemes_) {
        if (!text.empty()) text += ' ';
        print_quoted(word, text);
        char separator = ':';
        for (const auto& [position, weight] : positions) {
            text += std::exchange(separator, ',') + std::to_string(position);
            if (weight != ts_weight::d) text += weight_letters[static_cast<std::size_t>(weight)];
        }
    }
    return text;
}

tsvector codec<tsvector>::decode(const field& f) {
    tsvector value;
    const reader in{f.bytes()};
    if (const char* const problem = f.is_binary() ? read_binary(in, value.lexemes_) : read_text(in, value.lexemes_)) {
        f.fail<tsvector>(problem);
    }
    if (!sort(value.lexemes_)) f.fail<tsvector>("a word is there twice");
    return value;
}

void codec<tsvector>::encode(const tsvector& value, encoder& out) {
    out.number(static_cast<std::int32_t>(value.lexemes().size()));
    for (const auto& [word, positions] : value.lexemes()) {
        write_word(word, out);
        if (positions.size() > max_positions) throw usage_error{"a word of a tsvector has more than 255 positions"};
        out.number(static_cast<std::uint16_t>(positions.size()));
        std::uint16_t before = 0;
        for (const auto& [position, weight] : positions) {
            if (position <= before || position > max_position) {
                throw usage_error{"positions in a tsvector are 1 to 16383, in ascending order"};
            }
            before = position;
            out.number(static_cast<std::uint16_t>(static_cast<unsigned>(weight) << position_bits | position));
        }
    }
}

tsquery tsquery::word(std::string text, std::initializer_list<ts_weight> weights) {
    tsquery query;
    query.nodes_.push_back(word_node(std::move(text), weights, false));
    return query;
}

tsquery tsquery::prefix(std::string text, std::initializer_list<ts_weight> weights) {
    tsquery query;
    query.nodes_.push_back(word_node(std::move(text), weights, true));
    return query;
}

tsquery tsquery::parse(std::string_view text) {
    tsquery query;
    if (const char* const problem = scan(text, query)) throw usage_error{"not a tsquery: " + std::string{problem}};
    return query;
}

tsquery tsquery::join(tsquery left, const tsquery& right, node by) {
    if (right.nodes_.empty()) return left;
    if (left.nodes_.empty()) return right;
    left.nodes_.insert(left.nodes_.end(), right.nodes_.begin(), right.nodes_.end());
    left.nodes_.push_back(std::move(by));
    return left;
}

tsquery operator!(tsquery operand) {
    if (!operand.nodes_.empty()) operand.nodes_.push_back({kind::negation});
    return operand;
}

tsquery operator&&(tsquery left, const tsquery& right) {
    return tsquery::join(std::move(left), right, {kind::conjunction});
}

tsquery operator||(tsquery left, const tsquery& right) {
    return tsquery::join(std::move(left), right, {kind::disjunction});
}

tsquery followed_by(tsquery left, const tsquery& right, std::uint16_t distance) {
    if (distance > max_distance) throw usage_error{"the distance within a phrase is more than 16384"};
    return tsquery::join(std::move(left), right, {kind::phrase, false, 0, distance});
}

// Operators wait until an operator that binds no tighter, a parenthesis or the end calls for them.
const char* tsquery::scan(std::string_view text, tsquery& out) {
    reader in{text};
    std::vector<node> nodes;
    std::vector<std::pair<int, node>> waiting;  // with the priority; 0 is an opening parenthesis
    const auto release = [&](int at_least) {
        for (; !waiting.empty() && waiting.back().first >= at_least; waiting.pop_back()) {
            nodes.push_back(std::move(waiting.back().second));
        }
    };
    bool expects_operand = true;
    in.skip_spaces();
    if (in.done()) return out = {}, nullptr;
    for (; !in.done(); in.skip_spaces()) {
        node n;
        if (expects_operand) {
            if (in.take("!")) {
                waiting.push_back({priority(kind::negation), {kind::negation}});
            } else if (in.take("(")) {
                waiting.push_back({0, {}});
            } else if (take_word(in, n)) {
                nodes.push_back(std::move(n));
                expects_operand = false;
            } else {
                return malformed;
            }
        } else if (in.take(")")) {
            release(1);
            if (waiting.empty()) return malformed;
            waiting.pop_back();
        } else if (take_operator(in, n)) {
            release(priority(n.what));
            waiting.emplace_back(priority(n.what), std::move(n));
            expects_operand = true;
        } else {
            return malformed;
        }
    }
    release(1);
    if (expects_operand || !waiting.empty()) return malformed;
    out.nodes_ = std::move(nodes);
    return nullptr;
}

// An operand that binds less tightly than its operator needs parentheses, and so does a phrase on the right of another.
// Source: infix in tsquery.c.
std::string tsquery::to_string() const {
    // The nodes from the last on are the query read from its end: operator, right operand, left operand.
    struct step {
        std::string text;  // to print; of an operand empty
        kind above{};
        bool is_right = false;
    };
    std::vector<step> open;
    std::vector<std::string> backwards;
    if (!nodes_.empty()) open.push_back({{}, kind::disjunction});
    for (auto next = nodes_.rbegin(); !open.empty();) {
        const step now = std::move(open.back());
        open.pop_back();
        if (!now.text.empty()) {
            backwards.push_back(now.text);
            continue;
        }
        const node& n = *next++;
        const bool phrase_in_phrase = now.is_right && now.above == kind::phrase && n.what == kind::phrase;
        if (priority(n.what) < priority(now.above) || phrase_in_phrase) {
            backwards.emplace_back(" )");
            open.push_back({"( "});
        }
        if (n.what == kind::word) {
            backwards.push_back(print_word(n));
        } else if (n.what == kind::negation) {
            open.push_back({"!"});
            open.push_back({{}, n.what});
        } else {
            open.push_back({{}, n.what});
            open.push_back({print_operator(n)});
            open.push_back({{}, n.what, true});
        }
    }
    std::string text;
    for (auto piece = backwards.rbegin(); piece != backwards.rend(); ++piece) text += *piece;
    return text;
}

// int32 count of nodes, and these in prefix order, the right operand first. A word is uint8 1, uint8 weights, uint8 is
// it a prefix, its bytes and a zero byte; an operator is uint8 2, uint8 which, and of a phrase uint16 distance.
// Source: tsquerysend in tsquery.c.
tsquery codec<tsquery>::decode(const field& f) {
    tsquery query;
    if (!f.is_binary()) {
        if (const char* const problem = tsquery::scan(f.bytes(), query)) f.fail<tsquery>(problem);
        return query;
    }
    constexpr std::size_t least_bytes = 2;
    reader in{f.bytes()};
    std::int32_t count = 0;
    if (!in.number(count) || count < 0 || static_cast<std::size_t>(count) > in.left() / least_bytes) {
        f.fail<tsquery>(cut_short);
    }
    std::int64_t missing = count == 0 ? 0 : 1;
    for (; count > 0; --count) {
        node n;
        if (missing == 0 || !take_node(in, n)) f.fail<tsquery>("a malformed node");
        missing += operands(n.what) - 1;
        query.nodes_.push_back(std::move(n));
    }
    if (missing != 0 || !in.done()) f.fail<tsquery>("not as many nodes as announced");
    std::ranges::reverse(query.nodes_);
    return query;
}

void codec<tsquery>::encode(const tsquery& value, encoder& out) {
    out.number(static_cast<std::int32_t>(value.nodes_.size()));
    for (auto n = value.nodes_.rbegin(); n != value.nodes_.rend(); ++n) {
        out.number(n->what == kind::word ? wire_word : wire_operator);
        if (n->what == kind::word) {
            out.number(n->weights);
            out.number(static_cast<std::uint8_t>(n->is_prefix));
            write_word(n->word, out);
        } else {
            out.number(static_cast<std::uint8_t>(n->what));
            if (n->what == kind::phrase) out.number(n->distance);
        }
    }
}

}  // namespace coropg
