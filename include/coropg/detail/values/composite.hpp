// The layout of a composite on the wire, in both formats, and the reordering of an encoded one to fit its type.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/values/type_catalog.hpp>

#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coropg::detail {

/// The fields of a composite or an anonymous record.
/// Lifetime: views into the field's bytes and into the reader.
class record_reader {
 public:
    struct part {
        std::string_view bytes;
        oid type = 0;  ///< 0 when it is not known, which happens in the text of an anonymous record
        bool is_null = false;
    };

    explicit record_reader(const field& f);

    [[nodiscard]] const std::vector<part>& parts() const noexcept { return parts_; }
    /// Why the record cannot be read, or null.
    [[nodiscard]] const char* problem() const noexcept { return problem_; }

 private:
    const char* read_binary(std::string_view bytes);
    const char* read_text(std::string_view text);

    std::vector<part> parts_;
    std::forward_list<std::string> unescaped_;
    const char* problem_;
};

/// The attributes that the members of a struct, or the elements of a tuple, are read from.
struct attribute_names {
    std::span<const std::string_view> names;  ///< "" is by position
    std::span<const bool> may_lack;           ///< without an attribute the member keeps its default
    bool lax = false;                         ///< attributes without a member are ignored
};

/// Where each of `wanted` stands among the fields of `in`, the value of `f`; -1 for one that keeps its default. By name
/// where a server told of the type, and only as long as the value is as it told: what contradicts it is doubted.
/// Returns why that cannot be said, else "".
std::string find_attributes(const field& f, const record_reader& in, const attribute_names& wanted, std::span<int> at);

/// Puts the fields of the composite at the front of `bytes` into the order of the type's attributes, by the names of
/// the `members` that were written ("" is by position), and gives them the types of the attributes.
/// Errors: usage_error when they do not fit.
void fit_composite(std::span<char> bytes, std::span<const std::string_view> members,
                   const type_catalog::known_type& type, const type_catalog& types);

}  // namespace coropg::detail
