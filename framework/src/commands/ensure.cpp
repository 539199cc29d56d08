#include <eventloom/framework/detail/ensure.hpp>

#include <cstdio>
#include <cstdlib>

namespace eventloom {

void broken_promise(std::string_view sentence, std::source_location where)
{
    std::fprintf(stderr, "%s:%u: in %s: %.*s\n", where.file_name(), static_cast<unsigned>(where.line()),
                 where.function_name(), static_cast<int>(sentence.size()), sentence.data());
    std::abort();
}

} // namespace eventloom
