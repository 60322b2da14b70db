using System.Globalization;
using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Faults;

/// <summary>The faults that are switched on, read from <c>name</c> or <c>name=argument</c>.</summary>
internal sealed class FaultSettings
{
    private readonly Dictionary<string, Dice> _dice = [];
    private readonly Dictionary<string, Dictionary<string, long>> _numbers = [];
    private readonly Dictionary<string, HashSet<string>> _types = [];
    private readonly HashSet<string> _switches = [];

    public FaultSettings(IEnumerable<string> faults, int seed)
    {
        foreach (var fault in faults)
        {
            var (name, argument) = fault.Split('=', 2) is [var before, var after] ? (before, after) : (fault, null);
            var kind = SimulatorFaults.All.FirstOrDefault(kind => kind.Name == name) ?? throw new ArgumentException(Unknown(name), nameof(faults));
            if (!Take(kind, argument ?? kind.DefaultArgument, Mix.Key(seed, name)))
                throw new ArgumentException(
                    $"Fault '{name}' {(argument is "" ? "needs an argument" : $"cannot take '{argument}'")}: {Wants(kind.Argument)}.", nameof(faults));
        }
    }

    public bool Has(string name) => _switches.Contains(name);

    public bool Strikes(string name) => _dice.TryGetValue(name, out var dice) && dice.Strikes();

    public long? Number(string name, string type) =>
        _numbers.GetValueOrDefault(name) is { } numbers && (numbers.TryGetValue(type, out var number) || numbers.TryGetValue("", out number)) ? number : null;

    public bool Names(string name, string type) => _types.GetValueOrDefault(name) is { } types && (types.Contains(type) || types.Contains("*"));

    private bool Take(FaultKind kind, string argument, ulong key) => kind.Argument switch
    {
        FaultArgument.None => argument.Length == 0 && _switches.Add(kind.Name) | true,
        FaultArgument.Percent => TakeDice(kind.Name, argument, key),
        FaultArgument.Number => TakeNumber(kind.Name, argument),
        FaultArgument.Types => TakeTypes(kind.Name, argument),
        _ => argument.Split(',') is [var inserts, var edits, var deletes]
            && TakeDice(kind.Name + ":insert", inserts, key) && TakeDice(kind.Name + ":edit", edits, ~key) && TakeDice(kind.Name + ":delete", deletes, key + 1),
    };

    private bool TakeDice(string name, string argument, ulong key)
    {
        if (Dice.Parse(argument, key) is not { } dice)
            return false;

        _dice[name] = dice;
        return true;
    }

    private bool TakeNumber(string name, string argument)
    {
        var (type, text) = argument.Split(':', 2) is [var before, var after] ? (Shape.UrlOf(before), after) : ("", argument);
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;

        _numbers.TryAdd(name, []);
        _numbers[name][type] = number;
        return true;
    }

    private bool TakeTypes(string name, string argument)
    {
        _types[name] = [.. argument.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Shape.UrlOf)];
        return _types[name].Count > 0;
    }

    private static string Wants(FaultArgument argument) => argument switch
    {
        FaultArgument.None => "it takes nothing",
        FaultArgument.Percent => "it takes a percentage such as 5 or 0.5, or 3x for the first three requests",
        FaultArgument.Number => "it takes a number such as 10, or invoice:10 for one type",
        FaultArgument.Types => "it takes types, separated by commas, or none for all of them",
        _ => "it takes three percentages such as 10,20,5, of inserts, edits and deletes",
    };

    private static string Unknown(string name)
    {
        var nearest = SimulatorFaults.All.MinBy(kind => Distance(kind.Name, name))!.Name;
        var hint = Distance(nearest, name) <= Math.Max(2, name.Length / 3) ? $" Did you mean '{nearest}'?" : "";
        return $"There is no fault '{name}'.{hint} Known faults: {string.Join(", ", SimulatorFaults.All.Select(kind => kind.Name))}.";
    }

    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }
}
