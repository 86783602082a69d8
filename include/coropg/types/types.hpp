// All codecs of the library at once, but those that need another library: these have headers of their own, see
// docs/types.md. What has no codec here gets one by specialising `coropg::codec`; see <coropg/codec.hpp>.
#pragma once

#include <coropg/types/arithmetic.hpp>
#include <coropg/types/array.hpp>
#include <coropg/types/bits.hpp>
#include <coropg/types/bytea.hpp>
#include <coropg/types/chrono.hpp>
#include <coropg/types/composite.hpp>
#include <coropg/types/enum.hpp>
#include <coropg/types/geometry.hpp>
#include <coropg/types/interval.hpp>
#include <coropg/types/ltree.hpp>
#include <coropg/types/macaddr.hpp>
#include <coropg/types/money.hpp>
#include <coropg/types/numeric.hpp>
#include <coropg/types/range.hpp>
#include <coropg/types/strong.hpp>
#include <coropg/types/system.hpp>
#include <coropg/types/text.hpp>
#include <coropg/types/textsearch.hpp>
#include <coropg/types/uuid.hpp>
#include <coropg/types/variant.hpp>
