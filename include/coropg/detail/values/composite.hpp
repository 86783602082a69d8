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
        oid type = 0;  ///< 0 when it is not known, which happens in text
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

/// Puts the fields of the composite at the front of `bytes` into the order of the type's attributes, by the names of
/// the `members` that were written ("" is by position), and gives them the types of the attributes.
/// Errors: usage_error when they do not fit.
void fit_composite(std::span<char> bytes, std::span<const std::string_view> members,
                   const type_catalog::known_type& type, const type_catalog& types);

}  // namespace coropg::detail
