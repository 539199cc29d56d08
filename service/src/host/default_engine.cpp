#include <eventloom/eventstore/engines.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

// The only file of this room that names an engine.
EngineKind& default_engine()
{
    return leveldb_engine();
}

} // namespace eventloom
