#include <eventloom/storage/memory_files.hpp>

#include <leveldb/helpers/memenv.h>

#include <memory>

namespace eventloom {

class MemoryFiles::File final : public leveldb::WritableFile {
public:
    // Without a file all is lost.
    File(std::unique_ptr<leveldb::WritableFile> file, const std::atomic<bool>& is_frozen)
        : file_{std::move(file)}, is_frozen_{is_frozen}
    {
    }

    leveldb::Status Append(const leveldb::Slice& data) override
    {
        return is_lost() ? leveldb::Status{} : file_->Append(data);
    }
    leveldb::Status Close() override { return is_lost() ? leveldb::Status{} : file_->Close(); }
    leveldb::Status Flush() override { return is_lost() ? leveldb::Status{} : file_->Flush(); }
    leveldb::Status Sync() override { return is_lost() ? leveldb::Status{} : file_->Sync(); }

private:
    bool is_lost() const { return not file_ || is_frozen_; }

    const std::unique_ptr<leveldb::WritableFile> file_;
    const std::atomic<bool>& is_frozen_;
};

MemoryFiles::MemoryFiles() : EnvWrapper{leveldb::NewMemEnv(leveldb::Env::Default())} {}

MemoryFiles::~MemoryFiles()
{
    delete target();
}

leveldb::Status MemoryFiles::guarded(leveldb::Status opened, leveldb::WritableFile** file)
{
    if (opened.ok()) *file = new File{std::unique_ptr<leveldb::WritableFile>{*file}, is_frozen_};
    return opened;
}

// LevelDB's files in memory say of a missing one that it is a fault.
leveldb::Status MemoryFiles::NewSequentialFile(const std::string& name, leveldb::SequentialFile** file)
{
    return FileExists(name) ? target()->NewSequentialFile(name, file) : leveldb::Status::NotFound(name);
}

leveldb::Status MemoryFiles::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file)
{
    return FileExists(name) ? target()->NewRandomAccessFile(name, file) : leveldb::Status::NotFound(name);
}

leveldb::Status MemoryFiles::NewWritableFile(const std::string& name, leveldb::WritableFile** file)
{
    *file = nullptr; // frozen: the old one stays as it is
    return guarded(is_frozen_ ? leveldb::Status{} : target()->NewWritableFile(name, file), file);
}

leveldb::Status MemoryFiles::NewAppendableFile(const std::string& name, leveldb::WritableFile** file)
{
    *file = nullptr;
    return guarded(is_frozen_ ? leveldb::Status{} : target()->NewAppendableFile(name, file), file);
}

leveldb::Status MemoryFiles::RemoveFile(const std::string& name)
{
    return is_frozen_ ? leveldb::Status{} : target()->RemoveFile(name);
}

leveldb::Status MemoryFiles::RenameFile(const std::string& from, const std::string& to)
{
    return is_frozen_ ? leveldb::Status{} : target()->RenameFile(from, to);
}

} // namespace eventloom
