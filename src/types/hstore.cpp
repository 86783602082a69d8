#include <coropg/types/hstore.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace coropg {

namespace {

constexpr const char* cut_short = "the hstore is cut short";
constexpr const char* malformed = "malformed hstore";

// Reads from the front of the bytes; each function throws the decode_error of what it does not find.
class reader {
 public:
    explicit reader(const field& f) : field_{f}, rest_{f.bytes()} {}

    [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
    [[noreturn]] void fail(const char* reason) const { field_.fail<hstore>(reason); }

    std::int32_t number() {
        if (rest_.size() < sizeof(std::int32_t)) fail(cut_short);
        const auto value = field::load<std::int32_t>(rest_.data());
        rest_.remove_prefix(sizeof value);
        return value;
    }

    std::string bytes(std::int32_t length) {
        if (length < 0) fail(malformed);
        if (std::cmp_greater(length, rest_.size())) fail(cut_short);
        std::string taken{rest_.substr(0, static_cast<std::size_t>(length))};
        rest_.remove_prefix(taken.size());
        return taken;
    }

    bool take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }

    void expect(std::string_view wanted) {
        if (!take(wanted)) fail(rest_.empty() ? cut_short : malformed);
    }

    // In quotes; a backslash precedes a quote and a backslash.
    std::string quoted() {
        expect("\"");
        std::string text;
        while (!take("\"")) {
            take("\\");
            if (rest_.empty()) fail(cut_short);
            text += rest_.front();
            rest_.remove_prefix(1);
        }
        return text;
    }

 private:
    const field& field_;
    std::string_view rest_;
};

// int32 number of pairs; for each int32 length, key, int32 length or -1, value. Source: hstore_send in hstore_io.c.
hstore read_binary(reader in) {
    hstore value;
    const std::int32_t pairs = in.number();
    if (pairs < 0) in.fail(malformed);
    for (std::int32_t i = 0; i < pairs; ++i) {
        std::string key = in.bytes(in.number());
        const std::int32_t length = in.number();
        value.emplace(std::move(key), length == -1 ? std::nullopt : std::optional{in.bytes(length)});
    }
    if (!in.done()) in.fail(malformed);
    return value;
}

// [pair {", " pair}]; pair = key "=>" (value | "NULL"). Source: hstore_out in hstore_io.c.
hstore read_text(reader in) {
    hstore value;
    while (!in.done()) {
        if (!value.empty()) in.expect(", ");
        std::string key = in.quoted();
        in.expect("=>");
        value.emplace(std::move(key), in.take("NULL") ? std::nullopt : std::optional{in.quoted()});
    }
    return value;
}

}  // namespace

hstore codec<hstore>::decode(const field& f) { return f.is_binary() ? read_binary(reader{f}) : read_text(reader{f}); }

void codec<hstore>::encode(const hstore& value, encoder& out) {
    out.number(static_cast<std::uint32_t>(value.size()));
    for (const auto& [key, text] : value) {
        out.sized([&, &key = key] { out.text(key); });
        if (text)
            out.sized([&, &text = text] { out.text(*text); });
        else
            out.number(std::int32_t{-1});
    }
}

}  // namespace coropg
