// An enum that does not name its type has few values; those of the labels would have to be guessed.
// expect: fixed_enum
#include <coropg/types/enum.hpp>

#ifdef COROPG_MUST_PASS
enum mood : int { sad, ok };
#else
enum mood { sad, ok };
#endif

template <>
struct coropg::codec<mood> : coropg::enum_codec<mood, "mood"> {};

std::string_view use() { return coropg::codec<mood>::label_of(ok); }
