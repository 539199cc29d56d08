#include <eventloom/framework/result.hpp>

namespace eventloom {

std::string_view to_string(Failure kind)
{
    switch (kind) {
    case Failure::refused:
        return "refused";
    case Failure::conflict:
        return "conflict";
    case Failure::invalid:
        return "invalid";
    case Failure::corrupt:
        return "corrupt";
    case Failure::storage:
        return "storage";
    case Failure::unknown:
        return "unknown";
    case Failure::unavailable:
        return "unavailable";
    case Failure::defect:
        return "defect";
    }
    return "unnamed";
}

} // namespace eventloom
