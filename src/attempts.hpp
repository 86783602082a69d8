// The tries to connect: how one is called, and whether its failure will pass.
#pragma once

#include <coropg/error.hpp>

#include <string_view>

namespace coropg::detail {

/// The host as configured, or what stands for it.
[[nodiscard]] std::string_view place_of(const connect_attempt& attempt) noexcept;

/// Whether the reason for a failed try will not pass by itself: credentials, rights, settings, certificates.
[[nodiscard]] bool is_lasting(const connect_attempt& attempt) noexcept;

}  // namespace coropg::detail
