#include <coropg/coropg.hpp>
#include <coropg/sync.hpp>

int main() {
    try {
        coropg::sync::connect("host=127.0.0.1 port=1 user=nobody");
    } catch (const coropg::connection_error& e) {
        return e.attempts().size() == 1 ? 0 : 1;
    }
    return 1;
}
