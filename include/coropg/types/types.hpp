// All codecs of the library at once. What has no codec here gets one by specialising `coropg::codec`; see
// <coropg/codec.hpp>.
#pragma once

#include <coropg/types/arithmetic.hpp>
#include <coropg/types/array.hpp>
#include <coropg/types/bytea.hpp>
#include <coropg/types/chrono.hpp>
#include <coropg/types/interval.hpp>
#include <coropg/types/numeric.hpp>
#include <coropg/types/text.hpp>
#include <coropg/types/uuid.hpp>
