// Everything of the asynchronous face. The blocking one is <coropg/sync.hpp>.
#pragma once

#include <coropg/connection.hpp>
#include <coropg/errors.hpp>
#include <coropg/gather.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>
#include <coropg/pool.hpp>
#include <coropg/retry.hpp>
#include <coropg/sql.hpp>
#include <coropg/sqlstate.hpp>
#include <coropg/types/types.hpp>
