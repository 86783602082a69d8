// A server that speaks TLS, and decides into which records its bytes go.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/testing/messages.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace coropg::test {

/// A key and a certificate that it signs itself.
class identity {
 public:
    identity() {
        X509* const about = certificate_.get();
        ASN1_INTEGER_set(X509_get_serialNumber(about), 1);
        X509_gmtime_adj(X509_getm_notBefore(about), 0);
        X509_gmtime_adj(X509_getm_notAfter(about), 3600);
        X509_set_pubkey(about, key_.get());
        X509_sign(about, key_.get(), EVP_sha256());
    }

    void give(boost::asio::ssl::context& tls) const {
        SSL_CTX_use_certificate(tls.native_handle(), certificate_.get());
        SSL_CTX_use_PrivateKey(tls.native_handle(), key_.get());
    }
    /// As files, the key encrypted.
    void write(const std::string& certificate_file, const std::string& key_file, std::string password) const {
        const std::unique_ptr<BIO, freed_by<&BIO_free>> certificate{BIO_new_file(certificate_file.c_str(), "w")};
        PEM_write_bio_X509(certificate.get(), certificate_.get());
        const std::unique_ptr<BIO, freed_by<&BIO_free>> key{BIO_new_file(key_file.c_str(), "w")};
        PEM_write_bio_PKCS8PrivateKey(key.get(), key_.get(), EVP_aes_256_cbc(), password.data(),
                                      static_cast<int>(password.size()), nullptr, nullptr);
    }

 private:
    template <auto Function>
    struct freed_by {
        void operator()(auto* resource) const noexcept { Function(resource); }
    };

    std::unique_ptr<EVP_PKEY, freed_by<&EVP_PKEY_free>> key_{EVP_EC_gen("P-256")};
    std::unique_ptr<X509, freed_by<&X509_free>> certificate_{X509_new()};
};

/// One connection: it is greeted, and its first statement answered by `records`, each of at most 16 KiB.
class tls_server {
 public:
    explicit tls_server(std::vector<std::string> records) : records_{std::move(records)} {
        identity{}.give(tls_);
        thread_ = std::thread{[this] { serve(); }};
    }
    tls_server(const tls_server&) = delete;
    tls_server& operator=(const tls_server&) = delete;
    ~tls_server() {
        boost::system::error_code ignored;
        tcp::socket{io_}.connect(acceptor_.local_endpoint(), ignored);  // if nobody came
        thread_.join();
    }

    [[nodiscard]] conninfo info() const {
        return conninfo{"host=127.0.0.1 user=u dbname=d sslmode=require port=" +
                        std::to_string(acceptor_.local_endpoint().port())};
    }

 private:
    using tcp = boost::asio::ip::tcp;

    void serve() {
        namespace asio = boost::asio;
        boost::system::error_code problem;
        asio::ssl::stream<tcp::socket> stream{acceptor_.accept(io_, problem), tls_};
        const auto read = [&](auto& from, std::size_t size) {
            std::string bytes(size, '\0');
            if (!problem) asio::read(from, asio::buffer(bytes), problem);
            return bytes;
        };
        const auto send = [&](const std::string& record) {
            if (!problem) asio::write(stream, asio::buffer(record), problem);
        };
        const auto length = [](std::string_view bytes) {
            std::size_t value = 0;
            for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
            return value;
        };
        read(stream.next_layer(), 8);  // SSLRequest
        if (!problem) asio::write(stream.next_layer(), asio::buffer("S", 1), problem);
        if (!problem) stream.handshake(asio::ssl::stream_base::server, problem);
        if (const std::string startup = read(stream, 4); !problem) read(stream, length(startup) - 4);
        send(testing::greeting());
        for (char type = '\0'; !problem && type != 'S';) {
            type = read(stream, 1).front();
            if (const std::string size = read(stream, 4); !problem) read(stream, length(size) - 4);
        }
        for (const std::string& record : records_) send(record);
        while (!problem) read(stream, 1);  // until the client goes
    }

    std::vector<std::string> records_;
    boost::asio::io_context io_;
    tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
    boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
    std::thread thread_;
};

}  // namespace coropg::test
