// Values of every type, built from bytes, go out and come back as they are.
//
// Input: the place of the type in the list, one byte, then what the value is made of.
#include "round_trip.hpp"

namespace coropg::test {
namespace {

template <class T>
void check(const sampled<T>& type, source from) {
    const T value = sample<T>::make(from);
    const std::optional<T> back = out_and_back(value, type.oid);
    if (!back) found(type.name, sample<T>::print(value), "a usage_error");
    if (sample<T>::print(*back) != sample<T>::print(value))
        found(type.name, sample<T>::print(value), sample<T>::print(*back));
}

}  // namespace
}  // namespace coropg::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coropg;
    if (size < 1 || data[0] >= test::type_count) return -1;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    test::visit_type(data[0], [&](const auto& type) { test::check(type, test::source{bytes}); });
    return 0;
}
