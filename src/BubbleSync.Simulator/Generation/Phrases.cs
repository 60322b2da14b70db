using System.Text;
using System.Text.Json.Nodes;

namespace BubbleSync.Simulator.Generation;

/// <summary>The texts that fields are filled with, each ready as a JSON string.</summary>
internal static class Phrases
{
    public static byte[][] Names { get; } = Encode(
        "Tan Wei Ming", "Nurul Aisyah binti Rahman", "Muthu a/l Samy", "陳大文", "José Núñez", "O'Brien & Sons", "Lim \"Ah Boy\" Seng",
        "Siti Nurhaliza", "Wong Kah Fai ☀️", "Priya Nair", "Zoë Åkesson", "Ahmad Faiz", "محمد علي", "Ng Pei Pei", "Kumar S/O Raju", "Lee Chong Wai ");

    public static byte[][] Addresses { get; } = Encode(
        "12, Jalan Bukit 3/4, Taman Suria", "Lot 88-A\nJalan Besar", "7 Lorong Damai 2", "B-12-3, Residensi \"Vista\"", "No. 5, Jalan Æon\r\n(belakang)",
        "Kampung Baru, Batu 9½");

    public static byte[][] Cities { get; } = Encode("Johor Bahru", "Kuala Lumpur", "Ipoh", "Pulau Pinang", "Kuantan", "Melaka");

    public static byte[][] States { get; } = Encode("Johor", "Selangor", "Perak", "Penang", "Pahang", "Melaka", "Kuala Lumpur");

    public static byte[][] Remarks { get; } = Encode(
        "Call after 6 pm", "Paid by transfer, see slip", "客户要求改期", "Roof facing south 🏠", "He said \"next week\"\nthen: no answer", "-", "Urgent!!",
        "50% deposit \\ balance on completion", "Tab\there, slash / there", "Checked and found in order; panels to be moved to the east side of the roof "
            + "because of a tree", "😀👍🏽");

    public static byte[][] Logs { get; } = Encode(
        "2026-02-03 09:12 created\n2026-02-03 09:15 approved", "Jan 5 - price changed from 21,500 to 20,900", "Version 2 created by \"admin\"",
        "→ submitted\n→ verified ✅");

    public static byte[][] Emails { get; } = Encode("weiming@example.com", "nurul.aisyah@example.org", "office+solar@example.net", "JOSE@EXAMPLE.COM");

    public static byte[][] Banks { get; } = Encode("Maybank", "CIMB", "Public Bank", "HSBC", "Bank Islam");

    public static byte[][] Methods { get; } = Encode("Bank Transfer", "Credit Card", "EPP", "Cash", "Cheque");

    public static byte[][] PackageTypes { get; } = Encode("Residential", "Commercial", "Tariff B&D LOW", "Hybrid");

    public static byte[][] Items { get; } = Encode(
        "12 x 620 W panels with inverter", "Extra isolator 32A", "Roof access & scaffolding", "DISCOUNT: \"Raya\" promo", "EPP charge 12 months", "太阳能板 620W",
        "Cable tray, per metre");

    public static byte[][] Approvals { get; } = Encode("Approved", "Pending", "Rejected", "Draft");

    public static byte[][] Stocks { get; } = Encode("Reserved", "In stock", "Delivered", "Back order");

    public static byte[][] RegistrationStates { get; } = Encode("Pending", "Submitted", "Approved", "APPROVED BY SEDA", "DEMO");

    public static byte[][] NemTypes { get; } = Encode("NEM Rakyat", "NOVA", "ATAP");

    public static byte[][] Links { get; } = Encode("https://drive.example.com/drive/folders/1aB2c", "https://www.youtube.com/watch?v=dQw4w9WgXcQ");

    public static byte[][] AccessLevels { get; } = Encode("agent", "admin", "finance", "stock, store", "super admin");

    public static byte[][] Sources { get; } = Encode("Facebook", "Referral", "Walk-in", "Roadshow @ 1Utama", "小红书");

    public static byte[][] Relationships { get; } = Encode("Wife", "Husband", "Brother", "Ibu", "Friend");

    // A third of the texts go out with every letter outside ASCII escaped, the others as they are: both are right JSON.
    private static byte[][] Encode(params string[] texts) => [.. texts.Select((text, at) =>
        Encoding.UTF8.GetBytes(at % 3 == 2 ? JsonValue.Create(text).ToJsonString() : $"\"{Escape(text)}\""))];

    private static string Escape(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
}
