#include "commands/consent.hpp"

namespace eventloom {

result<void> require_consent(bool said_yes, std::string_view what)
{
    if (said_yes) return done();
    return fail(Failure::invalid, "needs-yes",
                "asked to " + std::string{what} +
                    ", which cannot be undone, and found no --yes; look with --dry-run, then give --yes");
}

} // namespace eventloom
