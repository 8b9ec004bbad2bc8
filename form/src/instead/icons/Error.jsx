import { createSvgIcon } from "@mui/material/utils";

export default createSvgIcon(<path d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20m-1 5h2v7h-2zm0 9h2v2h-2z" />, "Error");
