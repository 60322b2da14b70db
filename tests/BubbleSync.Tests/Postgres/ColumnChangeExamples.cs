using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>Columns, their values and defaults, and what these are in the type that is advised.</summary>
public static class ColumnChangeExamples
{
    public static TheoryData<string, string, string, string> Exact => new()
    {
        // Type, what is stored and the default, the wanted type, the same after the change. In KL it is 8 hours later.
        { "date", "'2026-03-01'|'2026-01-01'", "timestamptz", "2026-03-01 00:00:00+00|2026-01-01 00:00:00+00" },
        { "money", "12.34|0", "numeric", "12.34|0.00" },
        { "bigint", "9223372036854775807|0", "numeric", "9223372036854775807|0" },
        { "text", "' 12345678901234567890.10 '|'0'", "numeric", "12345678901234567890.10|0" },
        { "varchar(9)", "E' 12\\n'|''", "integer", "12|~" },
        { "boolean", "true|false", "integer", "1|0" },
        { "boolean", "true|false", "numeric", "1|0" },
        { "integer", "1|0", "boolean", "true|false" },
        { "smallint", "1|0", "boolean", "true|false" },
        { "numeric(5,2)", "1|0", "boolean", "true|false" },
        { "double precision", "1|0", "boolean", "true|false" },
        { "double precision", "1.0|1.0", "boolean", "true|true" },
        { "real", "0.0|0.0", "boolean", "false|false" },
        { "numeric", "1.0|1.00", "boolean", "true|true" },
        { "double precision", "1.50|1.50", "text", "1.5|1.5" },
        { "text", "'1'|'n/a'", "numeric", "1|~" },
        { "text", "'1'|'1.5'", "integer", "1|~" },
        { "integer", "1|2", "boolean", "true|~" },
        { "text", "'no'|'perhaps'", "boolean", "false|~" },
        { "text", "'{}'|'plain'", "jsonb", "{}|~" },
        { "text", "'1'|upper('x')", "numeric", "1|~" },
        { "text", "'yes'|' '", "boolean", "true|~" },
        { "varchar(20)", "'  a b '|''", "text", "  a b |" },
        { "char(5)", "'ab'|''", "text", "ab|" },
        { "integer", "-12|0", "text", "-12|0" },
        { "numeric(6,3)", "1.500|0", "text", "1.500|0.000" },
        { "double precision", "0.30000000000000004|0.1", "text", "0.30000000000000004|0.1" },
        { "real", "0.1|0", "text", "0.1|0" },
        { "boolean", "true|false", "text", "true|false" },
        { "uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'|null", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|~" },
        { "json", "'{\"a\": [1]}'|null", "text", "{\"a\": [1]}|~" },
        { "jsonb", "'{\"a\":[1.10]}'|'{}'", "text", "{\"a\": [1.10]}|{}" },
        { "text[]", "array['a,b', 'c\"d']|'{}'", "text", "[\"a,b\",\"c\\\"d\"]|[]" },
        { "timestamptz", "'2026-03-01 08:00:00.123456Z'|'2026-01-01 00:00Z'", "text", "2026-03-01T08:00:00.123456Z|2026-01-01T00:00:00Z" },
        { "timestamp", "'2026-03-01 08:00:00'|null", "text", "2026-03-01T08:00:00|~" },
        { "date", "'2026-03-01'|null", "text", "2026-03-01|~" },
        { "varchar(5)[]", "array['a', 'b c']|'{}'", "text[]", "{a,\"b c\"}|{}" },
        { "text", "' a b , c,, d'|''", "text[]", "{\"a b\",c,d}|~" },
        { "text", "'[1.10, \"x\"]'|' '", "jsonb", "[1.10, \"x\"]|~" },
        { "text[]", "array['1', 'x']|'{}'", "jsonb", "[\"1\", \"x\"]|[]" },
        { "double precision", "0.30000000000000004|1e25", "jsonb", "0.30000000000000004|10000000000000000000000000" },
        { "bigint", "9223372036854775807|0", "jsonb", "9223372036854775807|0" },
        { "boolean", "true|false", "jsonb", "true|false" },
    };
}
