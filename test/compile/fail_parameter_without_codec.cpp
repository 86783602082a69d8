// A class that no codec sends.
// first: no coropg::codec says how to send this type of parameter
#include <coropg/sync.hpp>

class celsius {
 public:
    explicit celsius(double degrees) : degrees_{degrees} {}
    [[nodiscard]] double degrees() const { return degrees_; }

 private:
    double degrees_;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.execute("INSERT INTO readings VALUES ($1)", celsius{21.5}.degrees());
#else
    conn.execute("INSERT INTO readings VALUES ($1)", celsius{21.5});
#endif
}
