// The system's files, of which some are on a disk that may become full.
#pragma once

#include <eventloom/storage/system_files.hpp>

#include <leveldb/env.h>

#include <atomic>
#include <memory>
#include <string>

namespace eventloom::testing {

class FullDisk final : public leveldb::EnvWrapper {
public:
    FullDisk() : EnvWrapper{&system_files()} {}

    leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override
    {
        return watched(target()->NewWritableFile(name, file), name, file);
    }
    leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override
    {
        return watched(target()->NewAppendableFile(name, file), name, file);
    }

    std::string directory;            // all that is on the disk; empty: all files
    std::atomic<bool> is_full{false}; // LevelDB writes in a thread of its own, too

private:
    class File final : public leveldb::WritableFile {
    public:
        File(leveldb::WritableFile* file, const std::atomic<bool>& is_full) : file_{file}, is_full_{is_full} {}
        leveldb::Status Append(const leveldb::Slice& data) override
        {
            return if_room([&] { return file_->Append(data); });
        }
        leveldb::Status Flush() override
        {
            return if_room([&] { return file_->Flush(); });
        }
        leveldb::Status Sync() override
        {
            return if_room([&] { return file_->Sync(); });
        }
        leveldb::Status Close() override { return file_->Close(); }

    private:
        template <class Write>
        leveldb::Status if_room(const Write& write) const
        {
            return is_full_ ? leveldb::Status::IOError("a file", "No space left on device") : write();
        }

        const std::unique_ptr<leveldb::WritableFile> file_;
        const std::atomic<bool>& is_full_;
    };

    leveldb::Status watched(leveldb::Status opened, const std::string& name, leveldb::WritableFile** file) const
    {
        if (opened.ok() && name.starts_with(directory)) *file = new File{*file, is_full};
        return opened;
    }
};

} // namespace eventloom::testing
