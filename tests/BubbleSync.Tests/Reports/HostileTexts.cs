namespace BubbleSync.Tests.Reports;

/// <summary>Texts that a spreadsheet likes to change: to numbers, dates, booleans, errors and formulas.</summary>
internal static class HostileTexts
{
    public static readonly string[] All =
    [
        "½ Kuala Lumpur – é 文 😀", "001234567", "880101015577", "12345678901234567890", "0x1F", "1e5", "1E400", "-0012", "+60123456789", "+60 12-345 6789",
        "1-2", "3/4", "MAR1", "2026-03-01", "2026-03-01T08:00:00.000Z", "10:30", "TRUE", "false", "#N/A", "12%", "RM 5", "$5", "(5)", "1,000", "1.000,50",
        "=1+1", "=HYPERLINK(\"http://x\")", "@SUM(A1)", "-5+3", "\tx", "'quoted", "\"quoted\"", " blank before", "blank after ", "two\nlines", "a\r\nb",
        "_x0041_", "<b>&amp;</b>", "1740000000000x100000000000000001", new string('9', 300), "=" + new string('"', 300), "x" + new string('"', 300),
        "{\"a\": \"" + new string('b', 300) + "\"}",
    ];
}
