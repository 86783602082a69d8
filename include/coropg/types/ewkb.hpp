// EWKB, the form in which PostGIS sends geometries: what reading and writing it takes whatever library has the models.
// types/postgis.hpp makes Boost.Geometry's of it.
#pragma once

#include <coropg/codec.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coropg::detail {

/// The types of geometries in EWKB. Source: PostGIS's liblwgeom.h.in.
enum class ewkb_type : std::uint32_t {
    point = 1,
    linestring = 2,
    polygon = 3,
    multi_point = 4,
    multi_linestring = 5,
    multi_polygon = 6
};

/// Takes values from the front of an EWKB, whose parts each name their byte order.
class ewkb_reader {
 public:
    /// A text is the binary form in hexadecimal digits.
    explicit ewkb_reader(const field& f);
    ewkb_reader(const ewkb_reader&) = delete;
    ewkb_reader& operator=(const ewkb_reader&) = delete;

    /// Why the value cannot be read, or null. After a problem all that is taken is 0.
    [[nodiscard]] const char* problem() const noexcept { return problem_; }
    [[nodiscard]] std::int32_t srid() const noexcept { return srid_; }

    /// Takes what every geometry and every part of a multi_* begins with.
    void header(ewkb_type wanted, std::size_t dimensions);
    /// The number of items that follow, each of at least so many bytes.
    std::size_t count(std::size_t least_bytes);
    double coordinate();
    void end();

 private:
    template <class Number>
    Number number();
    void stop(const char* problem);

    std::string unhexed_;
    std::string_view rest_;
    const char* problem_ = nullptr;
    std::int32_t srid_ = 0;
    bool is_little_ = true;
};

/// Writes EWKB in network byte order.
void write_ewkb_header(ewkb_type type, std::size_t dimensions, std::int32_t srid, encoder& out);
/// Errors: usage_error for more than 32 bits count.
void write_ewkb_count(std::size_t count, encoder& out);

}  // namespace coropg::detail
