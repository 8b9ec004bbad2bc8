{ Reads lines of a JSON array [document, patch, pointer] and prints an array of the merged document and of what is at the pointer in it. }

program merge;

{$MODE DELPHI}

uses
  cwstring, SysUtils, Postkontor;

var
  Line, Merged, Found: UTF8String;
begin
  while not Eof do
  begin
    ReadLn(Line);
    Merged := PostkontorMerge(PostkontorAt(Line, '/0'), PostkontorAt(Line, '/1'));
    Found := PostkontorAt(Merged, PostkontorPlain(PostkontorAt(Line, '/2')));
    if Found = '' then
      Found := '"nothing"';
    WriteLn('[', Merged, ',', Found, ']');
  end;
end.
