// Full text search: tsvector, the words of a document, and tsquery, what is searched for. Both hold words as they are;
// to make them from a text and its language is the business of to_tsvector and to_tsquery in SQL.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg {

namespace oids {
inline constexpr oid tsvector = 3614, tsquery = 3615;
}  // namespace oids

/// D is the default, and not printed.
enum class ts_weight : std::uint8_t { d, c, b, a };

/// Where a word stands in its document: 1 to 16383.
struct ts_position {
    std::uint16_t position{};
    ts_weight weight = ts_weight::d;

    friend bool operator==(const ts_position&, const ts_position&) = default;
};

/// A word of a tsvector, with its places in ascending order; none, when they were not recorded.
struct ts_lexeme {
    std::string word;
    std::vector<ts_position> positions;

    ts_lexeme() = default;
    ts_lexeme(std::string of, std::vector<ts_position> at = {}) : word{std::move(of)}, positions{std::move(at)} {}

    friend bool operator==(const ts_lexeme&, const ts_lexeme&) = default;
};

/// The words of a document, sorted by their bytes.
class tsvector {
 public:
    tsvector() = default;
    /// Sorts the words. Errors: usage_error when one is there twice.
    explicit tsvector(std::vector<ts_lexeme> lexemes);

    [[nodiscard]] const std::vector<ts_lexeme>& lexemes() const noexcept { return lexemes_; }
    /// "'cat':3B 'fat':2,4A", as the server prints it.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const tsvector&, const tsvector&) = default;

 private:
    friend struct codec<tsvector>;

    std::vector<ts_lexeme> lexemes_;
};

/// A query, made of words and operators: `tsquery::word("fat") && !tsquery::word("cat")`. An empty one has no nodes; as
/// an operand it is left out, as in SQL.
class tsquery {
 public:
    enum class kind : std::uint8_t { word, negation, conjunction, disjunction, phrase };

    struct node {
        kind what = kind::word;
        bool is_prefix = false;      ///< of a word: words that begin so match, too
        std::uint8_t weights = 0;    ///< of a word: bit 1 << ts_weight for each weight that matches; 0: all do
        std::uint16_t distance = 0;  ///< of a phrase: how far the right operand stands behind the left one
        std::string word{};

        friend bool operator==(const node&, const node&) = default;
    };

    tsquery() = default;
    /// Errors: usage_error when the word is empty.
    static tsquery word(std::string text, std::initializer_list<ts_weight> weights = {});
    /// Matches words that begin with `text`. Errors: usage_error if that is empty.
    static tsquery prefix(std::string text, std::initializer_list<ts_weight> weights = {});
    /// Reads what `to_string()` and the server print, with all words in quotes. Errors: usage_error.
    static tsquery parse(std::string_view text);

    friend tsquery operator!(tsquery operand);
    friend tsquery operator&&(tsquery left, const tsquery& right);
    friend tsquery operator||(tsquery left, const tsquery& right);
    friend tsquery followed_by(tsquery left, const tsquery& right, std::uint16_t distance);

    /// The tree in postfix order: an operator stands behind its operands, the left one first.
    [[nodiscard]] const std::vector<node>& nodes() const noexcept { return nodes_; }
    /// "'fat' & !'cat':*A", as the server prints it.
    [[nodiscard]] std::string to_string() const;

    /// The same trees. In text a & (b & c) becomes a & b & c, which is read as another tree of the same meaning.
    friend bool operator==(const tsquery&, const tsquery&) = default;

 private:
    friend struct codec<tsquery>;

    static tsquery join(tsquery left, const tsquery& right, node by);
    /// Returns why `text` cannot be read, or null.
    static const char* scan(std::string_view text, tsquery& out);

    std::vector<node> nodes_;
};

tsquery operator!(tsquery operand);
tsquery operator&&(tsquery left, const tsquery& right);
tsquery operator||(tsquery left, const tsquery& right);
/// `right` stands `distance` words behind `left`. Errors: usage_error for more than 16384 of them.
tsquery followed_by(tsquery left, const tsquery& right, std::uint16_t distance = 1);

/// Errors: usage_error for a word that is empty or longer than 2046 bytes, and for positions that are not 1 to 16383,
/// not in ascending order, or more than 255 for a word.
template <>
struct codec<tsvector> {
    static constexpr pg_type type{"tsvector", oids::tsvector, 3643};
    static bool reads(oid from) { return from == oids::tsvector; }
    static tsvector decode(const field& f);
    static void encode(const tsvector& value, encoder& out);
};

/// Errors: usage_error for a word longer than 2046 bytes.
template <>
struct codec<tsquery> {
    static constexpr pg_type type{"tsquery", oids::tsquery, 3645};
    static bool reads(oid from) { return from == oids::tsquery; }
    static tsquery decode(const field& f);
    static void encode(const tsquery& value, encoder& out);
    /// Most servers take none without a node in binary, but empty text.
    static bool is_sent_empty(const tsquery& value) { return value.nodes().empty(); }
};

}  // namespace coropg
