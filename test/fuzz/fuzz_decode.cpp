// Bytes from anywhere, read as every type. They are refused by a coropg::error, or they are a value that goes out and
// comes back as it is.
//
// Input: the place of the C++ type in the list, that of the type the server says it is (used if the codec reads it), the
// format, a byte each; then the field.
#include "round_trip.hpp"

namespace coropg::test {
namespace {

template <class T>
void check(const sampled<T>& type, oid from, format how, std::string_view bytes) {
    std::optional<T> value;
    try {
        value = detail::decode<T>(field{bytes, codec<T>::reads(from) ? from : type.oid, how, {}});
    } catch (const error&) {
        return;
    }
    const std::string before = sample<T>::print(*value);
    const std::optional<T> back = out_and_back(*value, type.oid);
    if (back && sample<T>::print(*back) != before) found(type.name, before, sample<T>::print(*back));
}

}  // namespace
}  // namespace coropg::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coropg;
    if (size < 3 || data[0] >= test::type_count) return -1;
    oid from = 0;
    test::visit_type(data[1], [&](const auto& type) { from = type.oid; });
    const format how = data[2] % 2 == 0 ? format::text : format::binary;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 3, size - 3};
    test::visit_type(data[0], [&](const auto& type) { test::check(type, from, how, bytes); });
    return 0;
}
