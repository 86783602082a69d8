#include <coropg/types/bits.hpp>

namespace coropg::detail {

bit_reader::bit_reader(const field& f) : bits_{f.bytes()}, size_{bits_.size()}, is_binary_{f.is_binary()} {
    if (!is_binary_) {
        if (bits_.find_first_not_of("01") != std::string_view::npos) problem_ = "not a bit string";
        return;
    }
    if (bits_.size() < sizeof(std::int32_t)) {
        problem_ = "the bit string is cut short";
        return;
    }
    const auto size = field::load<std::int32_t>(bits_.data());
    bits_.remove_prefix(sizeof size);
    size_ = static_cast<std::size_t>(size);
    if (size < 0 || bits_.size() != size_ / 8 + (size_ % 8 == 0 ? 0 : 1))
        problem_ = "the bit string has another length";
}

}  // namespace coropg::detail
