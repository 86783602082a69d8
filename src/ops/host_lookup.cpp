#include "host_lookup.hpp"

#include <coropg/detail/pq.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace coropg::detail::ops {

void host_lookup::work() noexcept try {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &list); code != 0) {
        problem_ = code == EAI_SYSTEM && errno != 0 ? std::generic_category().message(errno) : ::gai_strerror(code);
        return;
    }
    const std::unique_ptr<addrinfo, pq::freed_by<::freeaddrinfo>> owner{list};
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            addresses_.emplace_back(text.data());
    }
    if (addresses_.empty()) problem_ = "it has no address";
} catch (...) {
    addresses_.clear();
    problem_ = "out of memory";
}

}  // namespace coropg::detail::ops
