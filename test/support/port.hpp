// Ports for servers that tests start.
#pragma once

#include <coropg/detail/drivers/descriptor.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace coropg::test {

/// A port of 127.0.0.1 that no other test has while this lives, whether a server listens there or not. Below those that
/// outgoing connections get.
class claimed_port {
 public:
    claimed_port() {
        static auto next = static_cast<std::uint16_t>(17000 + ::getpid() % 15000);
        do {
            number_ = ++next;
            claim_ = claim(number_);
        } while (claim_.get() < 0 || !is_free(number_));
    }

    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

 private:
    /// A name that only one process can have; it is given back when that ends. Empty when another has it.
    static detail::unique_fd claim(std::uint16_t number) {
        const std::string name = "coropg test port " + std::to_string(number);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, name.data(), name.size());  // behind a NUL: not in the file system
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        detail::unique_fd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
        BOOST_REQUIRE_MESSAGE(errno == EADDRINUSE, "cannot claim a port: " << std::strerror(errno));
        return {};
    }

    static bool is_free(std::uint16_t number) {
        namespace asio = boost::asio;
        asio::io_context io;
        asio::ip::tcp::acceptor probe{io, asio::ip::tcp::v4()};
        boost::system::error_code problem;
        probe.bind({asio::ip::address_v4::loopback(), number}, problem);
        return !problem;
    }

    detail::unique_fd claim_;
    std::uint16_t number_ = 0;
};

}  // namespace coropg::test
