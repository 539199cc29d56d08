#include "env/new_database.hpp"

namespace eventloom {

NewDatabase::NewDatabase(leveldb::Env& files, const std::string& directory)
    : EnvWrapper{&files}, current_{directory + "/CURRENT"}, first_list_{directory + "/MANIFEST-000001"},
      first_temporary_{directory + "/000001.dbtmp"}, is_new_{not files.FileExists(current_)}
{
}

bool NewDatabase::is_in_memory(const std::string& path)
{
    return is_new_ && memory_.FileExists(path);
}

leveldb::Status NewDatabase::NewSequentialFile(const std::string& path, leveldb::SequentialFile** file)
{
    return is_in_memory(path) ? memory_.NewSequentialFile(path, file) : target()->NewSequentialFile(path, file);
}

leveldb::Status NewDatabase::NewWritableFile(const std::string& path, leveldb::WritableFile** file)
{
    const bool is_of_the_first = is_new_ && (path == first_list_ || path == first_temporary_);
    return is_of_the_first ? memory_.NewWritableFile(path, file) : target()->NewWritableFile(path, file);
}

bool NewDatabase::FileExists(const std::string& path)
{
    return is_in_memory(path) || target()->FileExists(path);
}

leveldb::Status NewDatabase::RemoveFile(const std::string& path)
{
    return is_in_memory(path) ? memory_.RemoveFile(path) : target()->RemoveFile(path);
}

leveldb::Status NewDatabase::RenameFile(const std::string& from, const std::string& to)
{
    if (is_in_memory(from)) return memory_.RenameFile(from, to);
    auto status = target()->RenameFile(from, to);
    // Also after one that failed: it may hold all the same.
    if (to == current_) is_new_ = false;
    return status;
}

} // namespace eventloom
