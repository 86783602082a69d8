#include "look_up_host.hpp"

#include <coropg/detail/pq.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>

namespace coropg::detail {

void look_up_host(resolution& name) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int problem = ::getaddrinfo(name.host.c_str(), name.port.c_str(), &hints, &list);
    if (problem != 0) {
        name.problem = ::gai_strerror(problem);
        return;
    }
    const std::unique_ptr<addrinfo, pq::freed_by<::freeaddrinfo>> owner{list};
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            name.addresses.emplace_back(text.data());
    }
}

}  // namespace coropg::detail
