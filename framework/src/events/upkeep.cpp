#include <eventloom/framework/detail/engine.hpp>

namespace eventloom {

namespace {

Error engine_cannot(const std::string& what)
{
    return {Failure::invalid, "engine-cannot",
            "asked to " + what + " the log and found that its engine does not do this; use an engine that does"};
}

} // namespace

result<ScavengeReport> Upkeep::scavenge(const ScavengeOptions&, const UpkeepProgress&)
{
    return engine_cannot("scavenge");
}

result<CompactReport> Upkeep::compact()
{
    return engine_cannot("compact");
}

} // namespace eventloom
