#include <eventloom/storage/database_files.hpp>

namespace eventloom {

FileUse use_of_file(std::string_view name)
{
    if (name.ends_with(".ldb")) return FileUse::never_changes;
    if (name.ends_with("LOCK") || name.starts_with("LOG")) return FileUse::of_a_process;
    return FileUse::changes;
}

bool is_list_of_files(std::string_view path)
{
    return path.substr(path.rfind('/') + 1).starts_with("MANIFEST-");
}

} // namespace eventloom
