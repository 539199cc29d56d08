#include "database_parts.hpp"

namespace eventloom {

Batch::Batch() : changes_{std::make_unique<Changes>()} {}
Batch::~Batch()                           = default;
Batch::Batch(Batch&&) noexcept            = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

void Batch::put(std::string_view key, std::string_view value)
{
    changes_->batch.Put(slice(key), slice(value));
    changes_->empty = false;
}

void Batch::remove(std::string_view key)
{
    changes_->batch.Delete(slice(key));
    changes_->empty = false;
}

void Batch::clear()
{
    changes_->batch.Clear();
    changes_->empty = true;
}

bool Batch::empty() const
{
    return changes_->empty;
}

std::size_t Batch::bytes() const
{
    return changes_->batch.ApproximateSize();
}

} // namespace eventloom
