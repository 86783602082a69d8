#include <coropg/types/geometry.hpp>

#include <charconv>

namespace coropg {

namespace {

constexpr std::size_t point_bytes = 2 * sizeof(double);

// Takes float8s, counts and signs off the front of a value, and fails for T where it finds another thing.
template <class T>
class reader {
 public:
    explicit reader(const field& f) : f_{f}, rest_{f.bytes()} {}

    // Binary: what `numbers` names has to be all that is left.
    reader& binary(std::initializer_list<double*> numbers) {
        if (rest_.size() != numbers.size() * sizeof(double)) {
            f_.fail<T>("unexpected length " + std::to_string(f_.bytes().size()));
        }
        for (double* const number : numbers) *number = load<double>();
        return *this;
    }

    std::vector<point> binary_points() {
        if (rest_.size() < sizeof(std::int32_t)) f_.fail<T>("cut short");
        const auto count = load<std::int32_t>();
        if (count < 0 || rest_.size() % point_bytes != 0 ||
            rest_.size() / point_bytes != static_cast<std::size_t>(count)) {
            f_.fail<T>("another number of points than announced");
        }
        std::vector<point> points(static_cast<std::size_t>(count));
        for (auto& [x, y] : points) x = load<double>(), y = load<double>();
        return points;
    }

    bool binary_flag() {
        if (rest_.empty()) f_.fail<T>("cut short");
        return load<std::uint8_t>() != 0;
    }

    // Text: `pattern` with '#' where a number stands, taken off the front.
    reader& text(std::string_view pattern, std::initializer_list<double*> numbers) {
        const auto* number = numbers.begin();
        for (const char wanted : pattern) {
            if (wanted == '#') {
                **number++ = this->number();
            } else {
                take(wanted);
            }
        }
        return *this;
    }

    // "(1,2),(3,4)", at least one.
    std::vector<point> text_points() {
        std::vector<point> points;
        do {
            auto& [x, y] = points.emplace_back();
            text("(#,#)", {&x, &y});
        } while (try_take(','));
        return points;
    }

    bool try_take(char wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void done() {
        if (!rest_.empty()) malformed();
    }

 private:
    template <class Number>
    Number load() {
        const auto value = field::load<Number>(rest_.data());
        rest_.remove_prefix(sizeof value);
        return value;
    }

    void take(char wanted) {
        if (!try_take(wanted)) malformed();
    }

    double number() {
        double value = 0;
        const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (problem != std::errc{}) malformed();
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }

    [[noreturn]] void malformed() { f_.fail<T>("malformed text"); }

    const field& f_;
    std::string_view rest_;
};

// Both formats of a type that is a fixed number of float8s.
template <class T>
void read(const field& f, std::string_view pattern, std::initializer_list<double*> numbers) {
    reader<T> in{f};
    if (f.is_binary()) {
        in.binary(numbers);
    } else {
        in.text(pattern, numbers).done();
    }
}

void write(encoder& out, std::initializer_list<double> numbers) {
    for (const double number : numbers) out.number(number);
}

void write_points(const std::vector<point>& points, encoder& out) {
    if (points.empty()) throw usage_error{"PostgreSQL has no path and no polygon without points"};
    if (!std::in_range<std::int32_t>(points.size())) throw usage_error{"a path or polygon has too many points"};
    out.number(static_cast<std::int32_t>(points.size()));
    for (const auto& [x, y] : points) write(out, {x, y});
}

}  // namespace

point codec<point>::decode(const field& f) {
    point value;
    read<point>(f, "(#,#)", {&value.x, &value.y});
    return value;
}

void codec<point>::encode(const point& value, encoder& out) { write(out, {value.x, value.y}); }

line codec<line>::decode(const field& f) {
    line value;
    read<line>(f, "{#,#,#}", {&value.a, &value.b, &value.c});
    return value;
}

void codec<line>::encode(const line& value, encoder& out) {
    if (value.a == 0 && value.b == 0) throw usage_error{"the a and b of a line are both 0"};
    write(out, {value.a, value.b, value.c});
}

lseg codec<lseg>::decode(const field& f) {
    lseg value;
    auto& [from, to] = value;
    read<lseg>(f, "[(#,#),(#,#)]", {&from.x, &from.y, &to.x, &to.y});
    return value;
}

void codec<lseg>::encode(const lseg& value, encoder& out) {
    write(out, {value.from.x, value.from.y, value.to.x, value.to.y});
}

box codec<box>::decode(const field& f) {
    box value;
    auto& [high, low] = value;
    read<box>(f, "(#,#),(#,#)", {&high.x, &high.y, &low.x, &low.y});
    return value;
}

void codec<box>::encode(const box& value, encoder& out) {
    write(out, {value.high.x, value.high.y, value.low.x, value.low.y});
}

// uint8 is it closed, int32 count of points, the points; in text a closed one is in parentheses, an open one in
// brackets. Source: path_send and path_out in geo_ops.c.
path codec<path>::decode(const field& f) {
    reader<path> in{f};
    path value;
    if (f.is_binary()) {
        value.is_closed = in.binary_flag();
        value.points = in.binary_points();
        return value;
    }
    value.is_closed = !in.try_take('[');
    if (value.is_closed) in.text("(", {});
    value.points = in.text_points();
    in.text(value.is_closed ? ")" : "]", {}).done();
    return value;
}

void codec<path>::encode(const path& value, encoder& out) {
    out.number(static_cast<std::uint8_t>(value.is_closed));
    write_points(value.points, out);
}

// int32 count of points, the points. Source: poly_send in geo_ops.c.
polygon codec<polygon>::decode(const field& f) {
    reader<polygon> in{f};
    if (f.is_binary()) return polygon{in.binary_points()};
    in.text("(", {});
    polygon value{in.text_points()};
    in.text(")", {}).done();
    return value;
}

void codec<polygon>::encode(const polygon& value, encoder& out) { write_points(value.points, out); }

circle codec<circle>::decode(const field& f) {
    circle value;
    read<circle>(f, "<(#,#),#>", {&value.center.x, &value.center.y, &value.radius});
    return value;
}

void codec<circle>::encode(const circle& value, encoder& out) {
    if (value.radius < 0) throw usage_error{"the radius of a circle is negative"};
    write(out, {value.center.x, value.center.y, value.radius});
}

}  // namespace coropg
