// The addresses of a host name, as the system knows them.
#pragma once

#include "aside.hpp"

#include <string>
#include <utility>
#include <vector>

namespace coropg::detail::ops {

/// Takes as long as a name server likes. It is not for Asio's resolver: that looks up one name at a time, its event loop
/// cannot end before it has, and who waits is never told when there is no memory for the addresses.
class host_lookup : public aside_call {
 public:
    host_lookup(std::string host, std::string port) : host_{std::move(host)}, port_{std::move(port)} {}

    /// Once it has ended: what was found, or why nothing was.
    [[nodiscard]] const std::vector<std::string>& addresses() const noexcept { return addresses_; }
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
    void work() noexcept override;

    const std::string host_;
    const std::string port_;
    std::vector<std::string> addresses_;
    std::string problem_;
};

}  // namespace coropg::detail::ops
