// tsvector and tsquery.
#pragma once

#include "text.hpp"

#include <coropg/types/textsearch.hpp>

#include <map>

namespace coropg::test {

inline std::string make_lexeme(source& from) {
    std::string word = sample<std::string>::make(from);
    return word.empty() ? "w" : word;
}

template <>
struct sample<tsvector> {
    static tsvector make(source& from) {
        std::map<std::string, std::vector<ts_position>> words;
        for (std::uint64_t left = from.below(5); left > 0; --left) {
            std::string word = make_lexeme(from);
            words[std::move(word)] = make_positions(from);
        }
        std::vector<ts_lexeme> lexemes;
        for (auto& [word, positions] : words) lexemes.emplace_back(word, std::move(positions));
        return tsvector{std::move(lexemes)};
    }
    static std::string print(const tsvector& value) {
        std::string text;
        for (const ts_lexeme& lexeme : value.lexemes()) {
            text += sample<std::string>::print(lexeme.word);
            for (const ts_position& p : lexeme.positions) text += formatted(":%u/%u", p.position, unsigned(p.weight));
            text += " ";
        }
        return text;
    }

 private:
    static std::vector<ts_position> make_positions(source& from) {
        std::vector<ts_position> positions;
        unsigned at = 0;
        for (std::uint64_t left = from.below(4); left > 0; --left) {
            at += 1 + static_cast<unsigned>(from.below(4000));
            positions.push_back({static_cast<std::uint16_t>(at), static_cast<ts_weight>(from.below(4))});
        }
        return positions;
    }
};

/// Text loses how & and | were nested to the right, so these are nested to the left.
template <>
struct sample<tsquery> {
    static tsquery make(source& from) { return make(from, 4); }
    static std::string print(const tsquery& value) {
        std::string text;
        for (const tsquery::node& n : value.nodes())
            text +=
                formatted("%u %d %u %u ", unsigned(n.what), n.is_prefix, unsigned(n.weights), unsigned(n.distance)) +
                sample<std::string>::print(n.word) + ";";
        return text;
    }

 private:
    static tsquery make(source& from, int depth) {
        switch (from.below(depth > 0 ? 6 : 2)) {
            case 0: return tsquery::word(make_lexeme(from));
            case 1: return tsquery::prefix(make_lexeme(from), {static_cast<ts_weight>(from.below(4))});
            case 2: return !make(from, depth - 1);
            case 3: return make(from, depth - 1) && tsquery::word(make_lexeme(from));
            case 4: return make(from, depth - 1) || !make(from, depth - 1);
            default: {
                tsquery left = make(from, depth - 1);
                return followed_by(std::move(left), tsquery::prefix(make_lexeme(from)),
                                   static_cast<std::uint16_t>(from.below(16385)));
            }
        }
    }
};

}  // namespace coropg::test
