#include "commands/consent.hpp"

namespace eventloom {

result<void> require_consent(bool said_yes, std::string_view what, std::string_view look)
{
    if (said_yes) return done();
    return fail(Failure::invalid, "needs-yes",
                "asked to " + std::string{what} + ", which cannot be undone, and found no --yes; look with " +
                    std::string{look} + ", then give --yes");
}

} // namespace eventloom
