#include <coropg/sync.hpp>
#include <coropg/testing/fake_server.hpp>

int main() {
    coropg::testing::fake_server server;
    coropg::sync::connect(server.info()).execute("SELECT 1");
    return server.traffic().executed.size() == 1 ? 0 : 1;
}
